"""The methods of the official SDK about transactions: purchases, redemptions, refunds, cancellations, and their lists.

Where the SDK does otherwise than its own documentation says, a comment beginning with "Deviation" says so.
"""

import unittest
from datetime import datetime, timedelta, timezone

from loyalty_sdk import LoyaltyAPIError, models

import shapes
from support import SHOP, AgainstServer, fresh


class Purchases(AgainstServer):
    def test_a_purchase_earns_by_the_templates_rate(self):
        card = self.card()
        order = fresh("order")
        booked = self.sdk.create_transaction(
            order_id=order,
            user_id=card.user_id,
            order_total=15.50,
            currency="EUR",
            shop_id=SHOP,
            loyalty_card_id=card.id,
            description="Two loaves",
            cart_items=[
                {"product_id": 7, "product_name": "Loaf", "quantity": 2, "unit_price": 7.75, "total_price": 15.50}
            ],
            meta_data={"source": "till 2", "items_count": 2},
        )
        self.fits(booked, shapes.CREATED)
        self.assertEqual(booked["id"], booked["transaction_id"])
        self.assertEqual((booked["points"], booked["points_awarded"], booked["points_redeemed"]), (155, 155, 0))
        self.assertEqual((booked["points_balance"], self.balance(card)), (155, 155))
        self.assertEqual((booked["loyalty_card_id"], booked["card_number"], booked["user_id"]), card[:3])
        self.assertEqual((booked["order_id"], booked["order_total"], booked["currency"]), (order, 15.5, "EUR"))
        self.assertEqual((booked["type"], booked["description"]), ("purchase", "Two loaves"))
        self.assertEqual((booked["reference_id"], booked["reference_type"]), (order, "order"))
        self.assertEqual(booked["meta_data"]["source"], "till 2")

    def test_points_are_reckoned_in_decimals_and_rounded_down(self):
        card = self.card()
        for total, points in [(0.29, 2), (0.3, 3), (1.1, 11), (2.2, 22), (19.99, 199), (0.1, 1), (0.09, 0), (0, 0)]:
            _, booked = self.purchase(card, total)
            self.assertEqual(booked["points"], points, total)

    def test_a_customer_is_named_by_email(self):
        card = self.card()
        booked = self.sdk.create_transaction(order_id=fresh("order"), user_email=card.email.upper(), order_total=1)
        self.assertEqual((booked["user_id"], booked["points"]), (card.user_id, 10))

    def test_a_customer_without_a_card_gets_one(self):
        customer = self.customer()
        booked = self.sdk.create_transaction(order_id=fresh("order"), user_id=customer.id, order_total=3)
        self.fits(booked, shapes.CREATED)
        self.assertEqual((booked["points"], booked["user_id"]), (30, customer.id))
        info = self.sdk.get_loyalty_card_info(user_id=customer.id)
        self.assertEqual((info["id"], info["points"]), (booked["loyalty_card_id"], 30))

    def test_an_unknown_customer_is_not_invented(self):
        unknown = f"{fresh('nobody')}@example.com"
        create = self.sdk.create_transaction
        self.refused(404, "CUSTOMER_NOT_FOUND", create, order_id=fresh("order"), user_email=unknown, order_total=1)
        self.refused(404, "CUSTOMER_NOT_FOUND", create, order_id=fresh("order"), user_id=999_999_999, order_total=1)

    def test_points_that_are_sent_replace_the_formula(self):
        card = self.card()
        _, booked = self.purchase(card, 15.50, points=40)
        self.assertEqual((booked["points"], booked["points_balance"]), (40, 40))
        without_total = self.sdk.create_transaction(order_id=fresh("order"), user_id=card.user_id, points=5)
        self.assertEqual(without_total["points_balance"], 45)

    def test_the_same_order_again_is_the_same_transaction(self):
        card = self.card()
        order, first = self.purchase(card, 10)
        _, again = self.purchase(card, 10.00, order_id=order)
        self.assertEqual(again, first)
        self.assertEqual(self.balance(card), 100)

    def test_another_order_under_the_same_id_is_refused(self):
        card = self.card()
        order, _ = self.purchase(card, 10)
        self.refused(409, "RESOURCE_ALREADY_EXISTS", self.purchase, card, 11, order_id=order)
        self.refused(409, "RESOURCE_ALREADY_EXISTS", self.purchase, self.card(), 10, order_id=order)
        self.assertEqual(self.balance(card), 100)

    def test_what_cannot_be_read_is_refused(self):
        card = self.card()
        create = self.sdk.create_transaction
        for code, body in [
            ("VALIDATION_ERROR", {}),
            ("VALIDATION_ERROR", {"order_total": -1}),
            ("VALIDATION_ERROR", {"order_total": "much"}),
            ("INVALID_POINTS", {"points": -5}),
            ("INVALID_POINTS", {"order_total": 1, "points_redeemed": -1}),
        ]:
            with self.subTest(**body):
                self.refused(400, code, create, order_id=fresh("order"), user_id=card.user_id, **body)
        self.refused(400, "VALIDATION_ERROR", create, order_id="", user_id=card.user_id, order_total=1)
        self.assertEqual(self.balance(card), 0)

    def test_another_currency_is_refused(self):
        self.refused(422, "CURRENCY_MISMATCH", self.purchase, self.card(), 1, currency="USD")

    def test_a_shop_that_is_not_the_partners_is_refused(self):
        self.refused(404, "SHOP_NOT_FOUND", self.purchase, self.card(), 1, shop_id=999_999_999)

    def test_a_blocked_card_earns_nothing(self):
        card = self.card()
        self.block(card)
        self.refused(403, "CARD_BLOCKED", self.purchase, card, 1)

    def test_the_client_insists_on_a_customer(self):
        with self.assertRaises(ValueError):
            self.sdk.create_transaction(order_id=fresh("order"), order_total=1)


class Redemptions(AgainstServer):
    def test_a_purchase_spends_and_earns_at_once(self):
        card = self.card(points=300)
        _, booked = self.purchase(card, 8, points_redeemed=200, points_discount_amount=2.00)
        self.fits(booked, shapes.CREATED)
        self.assertEqual((booked["points_awarded"], booked["points_redeemed"]), (80, 200))
        self.assertEqual((booked["points_balance"], self.balance(card)), (180, 180))

    def test_it_does_not_spend_what_it_earns(self):
        card = self.card(points=50)
        error = self.refused(422, "INSUFFICIENT_POINTS", self.purchase, card, 100, points_redeemed=100)
        self.assertTrue(error.message)
        self.assertEqual(self.balance(card), 50)

    def test_the_clients_discount_may_be_a_cent_above_the_exact_one(self):
        card = self.card(points=1_000)
        self.purchase(card, 1, points_redeemed=155, points_discount_amount=1.56)
        with self.assertRaises(LoyaltyAPIError) as caught:
            self.purchase(card, 1, points_redeemed=155, points_discount_amount=1.57)
        self.assertIn(caught.exception.http_status, [400, 422])
        self.assertEqual(self.balance(card), 1_000 - 155 + 10)

    def test_the_type_redeem_of_older_clients_spends(self):
        card = self.card(points=90)
        booked = self.sdk.create_transaction(
            order_id=fresh("order"), user_id=card.user_id, points=60, transaction_type="redeem"
        )
        self.assertEqual((booked["points_balance"], self.balance(card)), (30, 30))


class Refunds(AgainstServer):
    def refund(self, card, order, total, **more):
        return self.sdk.create_transaction(
            order_id=order, user_id=card.user_id, order_total=total, transaction_type="refund", **more
        )

    def test_a_refund_takes_back_its_share(self):
        card = self.card()
        order, _ = self.purchase(card, 20)
        refunded = self.refund(card, order, 5, refund_id=fresh("refund"))
        self.fits(refunded, shapes.CREATED)
        self.assertEqual((refunded["type"], refunded["points"]), ("refund", -50))
        self.assertEqual((refunded["points_balance"], self.balance(card)), (150, 150))

    def test_partial_refunds_add_up_to_never_having_bought(self):
        card = self.card(points=11)
        order, booked = self.purchase(card, 9.99)
        self.assertEqual(booked["points"], 99)
        for _ in range(3):
            self.refund(card, order, 3.33, refund_id=fresh("refund"))
        self.assertEqual(self.balance(card), 11)

    def test_a_refund_happens_once_under_its_id(self):
        card = self.card()
        order, _ = self.purchase(card, 20)
        refund = fresh("refund")
        first = self.refund(card, order, 5, refund_id=refund)
        self.assertEqual(self.refund(card, order, 5, refund_id=refund), first)
        self.refused(409, "RESOURCE_ALREADY_EXISTS", self.refund, card, order, 6, refund_id=refund)
        self.assertEqual(self.balance(card), 150)

    def test_no_more_is_refunded_than_was_paid(self):
        card = self.card()
        order, _ = self.purchase(card, 20)
        self.refund(card, order, 15, refund_id=fresh("refund"))
        with self.assertRaises(LoyaltyAPIError) as caught:
            self.refund(card, order, 5.01, refund_id=fresh("refund"))
        self.assertEqual(caught.exception.http_status, 422)
        self.assertEqual(self.balance(card), 50)

    def test_a_cancellation_takes_everything_back_and_returns_what_was_spent(self):
        card = self.card(points=500)
        order, _ = self.purchase(card, 10, points_redeemed=200, points_discount_amount=2)
        self.assertEqual(self.balance(card), 400)
        cancelled = self.sdk.create_transaction(order_id=order, user_id=card.user_id, transaction_type="cancellation")
        self.fits(cancelled, shapes.CREATED)
        self.assertEqual(cancelled["type"], "cancellation")
        self.assertEqual(self.balance(card), 500)

    def test_a_refund_works_on_a_blocked_card_and_below_nothing(self):
        card = self.card()
        order, _ = self.purchase(card, 10)
        self.redeem(card, 100)
        self.block(card)
        refunded = self.refund(card, order, 10, refund_id=fresh("refund"))
        # The policy of a new partner is that the rest becomes debt.
        self.assertEqual((refunded["points"], refunded["points_balance"]), (-100, -100))

    def test_an_order_that_never_was_cannot_be_refunded(self):
        card = self.card()
        self.purchase(card, 10)
        self.refused(404, "RESOURCE_NOT_FOUND", self.refund, card, fresh("order"), 1, refund_id=fresh("refund"))
        self.assertEqual(self.balance(card), 100)


class Lists(AgainstServer):
    def history(self):
        """A card with a purchase, a refund of half of it, and a redemption, in this order; and the order's id."""
        card = self.card()
        order, _ = self.purchase(card, 20, shop_id=SHOP)
        self.sdk.create_transaction(
            order_id=order,
            user_id=card.user_id,
            order_total=10,
            transaction_type="refund",
            refund_id=fresh("refund"),
            shop_id=SHOP,
        )
        self.redeem(card, 30)
        return card, order

    def listed(self, card, **filters):
        answer = self.sdk.get_transactions(loyalty_card_id=card.id, **filters)
        return self.page(answer, shapes.TRANSACTION)

    def points(self, card, **filters):
        return [item["points"] for item in self.listed(card, **filters)]

    def test_a_listed_transaction_says_everything_about_itself(self):
        card, order = self.history()
        items = self.listed(card)
        for item in items:
            # Deviation: the model wants a whole card as `loyalty_card`; the API documents its id, name and number.
            models.PointsTransaction.model_validate({**item, "loyalty_card": None})
        self.assertEqual([item["type"] for item in items], ["redemption", "refund", "purchase"])
        self.assertEqual([item["balance_after"] for item in items], [70, 100, 200])
        purchase = items[-1]
        self.assertEqual((purchase["amount"], purchase["currency"], purchase["status"]), (20, "EUR", "completed"))
        self.assertEqual((purchase["reference_number"], purchase["reference_id"]), (order, order))
        self.assertEqual(purchase["reference_type"], "order")
        self.assertEqual((purchase["loyalty_card_id"], purchase["loyalty_card"]["number"]), (card.id, card.number))
        self.assertEqual((purchase["user"]["id"], purchase["user"]["email"]), (card.user_id, card.email))
        self.assertEqual(purchase["shop"]["id"], SHOP)
        self.assertEqual(purchase["metadata"], purchase["meta_data"])
        self.assertEqual(items[1]["amount"], 0)

    def test_a_booked_transaction_is_listed_under_its_id(self):
        card = self.card()
        _, booked = self.purchase(card, 2)
        (item,) = self.listed(card)
        for field in [
            "id",
            "points",
            "type",
            "description",
            "reference_id",
            "reference_type",
            "created_at",
            "meta_data",
        ]:
            self.assertEqual(item[field], booked[field], field)

    def test_types_in_every_word_that_clients_use(self):
        card, _ = self.history()
        for words, points in [
            (["purchase", "earn", "earned", "award"], [200]),
            (["refund"], [-100]),
            (["redemption", "redeem", "redeemed", "spent"], [-30]),
            (["all", "points"], [-30, -100, 200]),
            (["bonus", "coupons", "games"], []),
        ]:
            for word in words:
                self.assertEqual(self.points(card, type=word), points, word)
        self.refused(400, "VALIDATION_ERROR", self.sdk.get_transactions, type="nonsense")

    def test_states(self):
        card, _ = self.history()
        self.assertEqual(len(self.listed(card, status="completed")), 3)
        self.assertEqual(self.listed(card, status="pending"), [])

    def test_orders(self):
        card, _ = self.history()
        self.assertEqual(self.points(card, sort="-created_at"), [-30, -100, 200])
        self.assertEqual(self.points(card, sort="created_at"), [200, -100, -30])
        self.assertEqual(self.points(card, sort="points"), [-100, -30, 200])
        self.assertEqual(self.points(card, sort="-points"), [200, -30, -100])
        self.assertEqual(self.points(card, sort="created_at:asc"), [200, -100, -30])
        self.refused(400, "VALIDATION_ERROR", self.sdk.get_transactions, sort="nonsense")

    def test_whose_and_which(self):
        card, order = self.history()
        for filters in [{"user_id": card.user_id}, {"user_email": card.email}, {"card_id": card.id}]:
            answer = self.sdk.get_transactions(**filters)
            self.assertEqual(
                [item["points"] for item in self.page(answer, shapes.TRANSACTION)], [-30, -100, 200], filters
            )
        named = self.page(self.sdk.get_transactions(reference_number=order), shapes.TRANSACTION)
        self.assertIn(200, [item["points"] for item in named])
        self.assertEqual({item["loyalty_card_id"] for item in named}, {card.id})
        self.assertEqual(self.page(self.sdk.get_transactions(reference_number=fresh("order")), shapes.TRANSACTION), [])
        self.assertIn(200, self.points(card, shop_id=SHOP))

    def test_dates_are_inclusive(self):
        card, _ = self.history()
        today = datetime.now(timezone.utc).date()
        before, after = (today - timedelta(days=1)).isoformat(), (today + timedelta(days=1)).isoformat()
        self.assertEqual(len(self.listed(card, date_from=before, date_to=after)), 3)
        self.assertEqual(self.listed(card, date_from=after), [])
        self.assertEqual(self.listed(card, date_to=before), [])
        self.refused(400, "VALIDATION_ERROR", self.sdk.get_transactions, date_from="yesterday")

    def test_pages_tile_the_list(self):
        card, _ = self.history()
        first = self.sdk.get_transactions(loyalty_card_id=card.id, per_page=2)
        second = self.sdk.get_transactions(loyalty_card_id=card.id, per_page=2, page=2)
        tiled = self.page(first, shapes.TRANSACTION) + self.page(second, shapes.TRANSACTION)
        self.assertEqual([item["points"] for item in tiled], [-30, -100, 200])
        expected = {
            "current_page": 2,
            "last_page": 2,
            "per_page": 2,
            "total": 3,
            "from": 3,
            "to": 3,
            "total_pages": 2,
            "has_next": False,
            "has_prev": True,
        }
        self.assertEqual(second["meta"], {**second["meta"], **expected})
        self.assertEqual(self.sdk.get_transactions(per_page=500)["meta"]["per_page"], 100)

    def test_the_nested_form_of_a_list(self):
        card, _ = self.history()
        nested = self.sdk.get_transactions(loyalty_card_id=card.id, list_format="nested")
        self.fits(
            nested, {"data": [shapes.TRANSACTION], "current_page": int, "per_page": int, "total": int, "last_page": int}
        )
        self.assertEqual((nested["total"], len(nested["data"])), (3, 3))


if __name__ == "__main__":
    unittest.main()
