"""The methods of the official SDK about health, credentials, shops, cards and balances, as a shop calls them.

Those about transactions stand in `test_sdk_transactions`. Where the SDK does otherwise than its own documentation says,
a comment beginning with "Deviation" says so.
"""

import inspect
import unittest

# Deviation: the models need pydantic, which the SDK does not ask for, and the SDK itself never imports them.
from loyalty_sdk import LoyaltyAuthError, LoyaltySDK, LoyaltySDKError, models

import shapes
from support import KEY, PARTNER, SECRET, SHOP, TEMPLATE, URL, AgainstServer, fresh


class Construction(AgainstServer):
    def test_the_address_is_an_attribute_and_not_an_argument(self):
        # Deviation: the argument `base_url` exists and is ignored, as its docstring says and the README does not.
        sdk = LoyaltySDK(api_key=KEY, api_secret=SECRET, base_url=URL)
        self.addCleanup(sdk.session.close)
        self.assertNotEqual(sdk.base_url, URL)
        sdk.base_url = URL
        self.assertTrue(sdk.validate_credentials()["valid"])

    def test_both_languages_are_spoken(self):
        english = self.refused(404, "CARD_NOT_FOUND", self.client("en").get_loyalty_card_info, card_number="INVALID")
        lithuanian = self.refused(404, "CARD_NOT_FOUND", self.client("lt").get_loyalty_card_info, card_number="INVALID")
        self.assertNotEqual(english.message, lithuanian.message)


class Health(AgainstServer):
    def test_every_part_is_well(self):
        health = self.sdk.health_check()
        self.fits(health, shapes.HEALTH)
        self.assertEqual(health["status"], "ok")

    def test_no_credentials_are_needed(self):
        health = self.client(key="lty_unknown", secret="wrong").health_check()
        self.assertEqual(health["status"], "ok")


class Credentials(AgainstServer):
    def test_a_valid_pair_names_its_partner(self):
        valid = self.sdk.validate_credentials()
        self.fits(valid, shapes.CREDENTIALS)
        self.assertIs(valid["valid"], True)
        self.assertEqual(valid["partner"], {"id": PARTNER, "name": "Corner Bakery", "status": "active"})
        self.assertEqual(valid["partner_name"], "Corner Bakery")

    def test_a_pair_that_is_not_valid_is_an_api_error(self):
        for key, secret in [(KEY, "wrong"), ("lty_unknown", SECRET), ("unknown", SECRET)]:
            with self.subTest(key=key):
                sdk = self.client(key=key, secret=secret)
                error = self.refused(401, "INVALID_CREDENTIALS", sdk.validate_credentials)
                # Deviation: LoyaltyAuthError is exported "for authentication errors" and never raised.
                self.assertNotIsInstance(error, LoyaltyAuthError)
                self.refused(401, "INVALID_CREDENTIALS", sdk.get_shops)

    def test_a_client_is_not_made_without_key_and_secret(self):
        for key, secret in [("", SECRET), (KEY, "")]:
            with self.assertRaises(LoyaltySDKError) as caught:
                LoyaltySDK(api_key=key, api_secret=secret)
            self.assertEqual(caught.exception.code, "INVALID_CONFIG")


class Shops(AgainstServer):
    def test_all_shops_are_listed(self):
        answer = self.sdk.get_shops()
        shops = self.page(answer, shapes.SHOP)
        models.PaginatedResponse.model_validate(answer)
        self.assertIn(SHOP, [shop["id"] for shop in shops])
        self.assertEqual({shop["partner_id"] for shop in shops}, {PARTNER})
        self.assertEqual(answer["meta"]["total"], len(shops))

    def test_the_filters_of_the_readme(self):
        real = self.sdk.get_shops(is_active=True, is_virtual=False)
        self.assertIn(SHOP, [shop["id"] for shop in self.page(real, shapes.SHOP)])
        virtual = self.page(self.sdk.get_shops(is_virtual=True), shapes.SHOP)
        self.assertNotIn(SHOP, [shop["id"] for shop in virtual])
        closed = self.page(self.sdk.get_shops(is_active=False), shapes.SHOP)
        self.assertNotIn(SHOP, [shop["id"] for shop in closed])

    def test_truth_is_told_in_every_spelling(self):
        for true in [True, "true", "True", 1]:
            shops = self.page(self.sdk.get_shops(is_active=true), shapes.SHOP)
            self.assertIn(SHOP, [shop["id"] for shop in shops], true)
        self.refused(400, "VALIDATION_ERROR", self.sdk.get_shops, is_active="perhaps")

    def test_a_search_looks_at_the_name(self):
        shops = self.page(self.sdk.get_shops(search="corner"), shapes.SHOP)
        self.assertIn(SHOP, [shop["id"] for shop in shops])
        self.assertEqual(self.page(self.sdk.get_shops(search=fresh("nowhere")), shapes.SHOP), [])

    def test_a_filter_that_is_none_is_not_sent(self):
        self.assertEqual(self.sdk.get_shops(search=None)["data"], self.sdk.get_shops()["data"])

    def test_pages(self):
        answer = self.sdk.get_shops(page=1, per_page=1)
        self.assertEqual(len(self.page(answer, shapes.SHOP)), 1)
        self.assertEqual((answer["meta"]["current_page"], answer["meta"]["per_page"]), (1, 1))
        self.assertEqual(self.sdk.get_shops()["meta"]["per_page"], 15)
        self.assertEqual(self.sdk.get_shops(per_page=500)["meta"]["per_page"], 50)
        beyond = self.sdk.get_shops(page=1000)
        self.assertEqual(self.page(beyond, shapes.SHOP), [])
        self.assertIs(beyond["meta"]["has_next"], False)


class Templates(AgainstServer):
    def test_without_a_customer_the_templates_are_listed(self):
        answer = self.sdk.get_loyalty_cards()
        templates = {template["id"]: template for template in self.page(answer, shapes.TEMPLATE)}
        template = templates[TEMPLATE]
        self.assertEqual(template["partner"]["id"], PARTNER)
        self.assertEqual((template["points_per_currency"], template["currency_amount"]), (10, 1))
        self.assertEqual((template["points_per_currency_redemption"], template["currency_amount_redemption"]), (100, 1))
        self.assertIs(template["auto_assign"], True)
        self.assertEqual(template["points_expiration_days"] or 0, 0)

    def test_both_sets_of_names_say_the_same(self):
        template = self.sdk.get_loyalty_card(TEMPLATE)
        self.fits(template, shapes.TEMPLATE)
        self.assertEqual(template["id"], TEMPLATE)
        self.assertEqual(template["name"], template["title"])
        self.assertEqual(template["welcome_bonus"], template["initial_bonus_points"])
        self.assertEqual(template["applicable_shops"] or [], template["shop_ids"])
        self.assertEqual(template["points_per_euro"], template["points_per_currency"] / template["currency_amount"])

    def test_the_filters(self):
        def listed(**filters):
            return [template["id"] for template in self.page(self.sdk.get_loyalty_cards(**filters), shapes.TEMPLATE)]

        for filters in [{"is_active": True}, {"shop_id": SHOP}, {"card_type": "loyalty"}, {"is_third_party": False}]:
            self.assertIn(TEMPLATE, listed(**filters), filters)
        for filters in [{"is_active": False}, {"card_type": "third_party"}, {"is_third_party": True}]:
            self.assertNotIn(TEMPLATE, listed(**filters), filters)
        self.assertEqual(listed(search=fresh("nothing")), [])
        self.assertEqual(self.sdk.get_loyalty_cards(per_page=1)["meta"]["per_page"], 1)
        self.assertEqual(self.sdk.get_loyalty_cards(per_page=500)["meta"]["per_page"], 50)


class Cards(AgainstServer):
    def found(self, **filters):
        """The cards that a list finds, in the SDK's own model."""
        cards = self.page(self.sdk.get_loyalty_cards(**filters), shapes.CARD)
        return [models.LoyaltyCard.model_validate(card) for card in cards]

    def test_a_card_is_found_by_its_number_or_its_holder(self):
        card = self.card(points=120)
        for filters in [{"card_number": card.number}, {"user_id": card.user_id}, {"user_email": card.email}]:
            with self.subTest(**filters):
                (found,) = self.found(**filters)
                self.assertEqual((found.id, found.user_id, found.card_number), (card.id, card.user_id, card.number))
                self.assertEqual((found.points_balance, found.brand_name), (120, "Corner Bakery"))
        self.assertEqual(self.found(card_number="LC000000000000"), [])
        self.assertEqual(self.found(user_email=f"{fresh('nobody')}@example.com"), [])

    def test_one_card_by_its_id(self):
        card = self.card(points=7)
        got = self.sdk.get_loyalty_card(card.id)
        self.fits(got, shapes.CARD)
        models.LoyaltyCard.model_validate(got)
        self.assertNotEqual(card.id, TEMPLATE)
        self.assertEqual((got["id"], got["loyalty_card_id"], got["points"]), (card.id, card.id, 7))
        self.assertEqual(got["user"], {**got["user"], "id": card.user_id, "email": card.email, "phone": "+37060012345"})
        self.refused(404, "CARD_NOT_FOUND", self.sdk.get_loyalty_card, 999_999_999)

    def test_a_cards_info_by_each_of_its_names(self):
        card = self.card(points=30)
        info = self.sdk.get_loyalty_card_info(card_id=card.id)
        self.fits(info, shapes.CARD)
        models.LoyaltyCard.model_validate(info)
        self.assertEqual((info["points"], info["points_balance"], info["transactions_count"]), (30, 30, 1))
        self.assertEqual((info["status"], info["is_active"], info["is_third_party"]), ("active", True, False))
        spaced = f"lc {card.number[2:6]}-{card.number[6:10]}-{card.number[10:]}"
        names = [{"user_id": card.user_id}, {"card_number": card.number}, {"card_number": spaced}]
        names += [{"card_number": f"loyalty:card:{card.number}"}]
        if info["qr_code"] is not None:
            names += [{"card_number": info["qr_code"]}]
        for name in names:
            with self.subTest(**name):
                self.assertEqual(self.sdk.get_loyalty_card_info(**name)["id"], card.id)

    def test_a_card_tells_the_rules_that_a_till_reckons_by(self):
        info = self.sdk.get_loyalty_card_info(card_id=self.card().id)
        template = self.sdk.get_loyalty_card(TEMPLATE)
        for name in shapes.RULES:
            self.assertEqual(info["points_rules"][name], template[name], name)
        redemption = info["redemption"]
        self.assertIs(redemption["enabled"], template["points_redemption_enabled"])
        self.assertEqual(redemption["points_per_currency"], template["points_per_currency_redemption"])
        self.assertEqual(redemption["currency_amount"], template["currency_amount_redemption"])
        self.assertEqual(redemption["min_points"], template["min_points_for_redemption"])

    def test_the_error_of_the_readme(self):
        error = self.refused(404, "CARD_NOT_FOUND", self.sdk.get_loyalty_card_info, card_number="INVALID")
        self.assertEqual(str(error), f"[CARD_NOT_FOUND] {error.message}")
        expected = {"message": error.message, "code": "CARD_NOT_FOUND", "http_status": 404}
        self.assertEqual(error.to_dict(), expected)
        self.refused(404, "CARD_NOT_FOUND", self.sdk.get_loyalty_card_info, card_number="123-456-789")

    def test_a_card_that_is_not_named_is_asked_for(self):
        self.refused(400, "VALIDATION_ERROR", self.sdk.get_loyalty_card_info)
        self.refused(400, "VALIDATION_ERROR", self.sdk.get_points_balance)

    def test_a_balance_by_each_of_the_cards_names(self):
        card = self.card(points=250)
        self.redeem(card, 100)
        for name in [{"card_id": card.id}, {"card_number": card.number}, {"user_id": card.user_id}]:
            with self.subTest(**name):
                balance = self.sdk.get_points_balance(**name)
                self.fits(balance, shapes.BALANCE)
                self.assertEqual((balance["card_id"], balance["card_number"]), (card.id, card.number))
                for field in ["points", "current_points", "points_balance", "available_points", "total_points"]:
                    self.assertEqual(balance[field], 150, field)
                self.assertEqual((balance["total_earned"], balance["total_spent"]), (250, 100))
                self.assertEqual((balance["expiring_soon"], balance["expired_points"]), (0, 0))
                self.assertEqual(balance["transactions_count"], 2)
        self.refused(404, "CARD_NOT_FOUND", self.sdk.get_points_balance, card_id=999_999_999)


class ReadmeForms(AgainstServer):
    """The calls that the README shows, where they are not the ones that the SDK has."""

    def test_the_readmes_purchase_does_not_reach_the_server(self):
        # Deviation: the README leaves out `order_id`, which is required, and names the customer by `card_id` alone,
        # which is not enough: `user_id` or `user_email` must be given.
        readme = {"card_id": 123, "amount": 50.00, "points": 50, "transaction_type": "earn", "reference": "ORDER-12345"}
        with self.assertRaises(TypeError):
            self.sdk.create_transaction(**readme)
        with self.assertRaises(ValueError):
            self.sdk.create_transaction(order_id="ORDER-12345", **readme)
        required = inspect.signature(LoyaltySDK.create_transaction).parameters["order_id"]
        self.assertIs(required.default, inspect.Parameter.empty)

    def test_the_readmes_words_are_understood_beside_the_ones_that_are_required(self):
        card = self.card()
        order = fresh("ORDER")
        booked = self.sdk.create_transaction(
            order_id=order,
            user_id=card.user_id,
            card_id=card.id,
            amount=50.00,
            points=50,
            transaction_type="earn",
            description="Purchase reward",
            reference=order,
        )
        self.assertEqual((booked["points"], booked["order_total"], booked["order_id"]), (50, 50, order))

    def test_the_readmes_list(self):
        card = self.card()
        order, _ = self.purchase(card, 4)
        answer = self.sdk.get_transactions(card_id=card.id, type="earn")
        (listed,) = self.page(answer, shapes.TRANSACTION)
        self.assertEqual((listed["reference_number"], listed["points"]), (order, 40))

    def test_categories_come_as_a_tree_with_a_flat_list(self):
        # Deviation: `get_categories` is said to give the categories of offers as a list of texts; it asks for those of
        # products and gives what the server answers.
        categories = self.sdk.get_categories()
        tree = {"id": int, "name": str, "slug": str, "children": list}
        flat = {"id": int, "name": str, "level": int}
        self.fits(categories, {"categories": [tree], "flat_list": [flat], "total": int})
        self.assertEqual(categories["total"], len(categories["flat_list"]))


if __name__ == "__main__":
    unittest.main()
