"""What a shop can do beside the methods that the Python SDK has, over the SDK's own session and credentials."""

import struct
import unittest

from loyalty_sdk import models

import shapes
from support import PARTNER, SHOP, TEMPLATE, AgainstServer, fresh

PNG = b"\x89PNG\r\n\x1a\n"


class Health(AgainstServer):
    def test_every_name_of_the_health_check(self):
        for path in [
            "/en/shop/system/health",
            "/en/shop/health",
            "/shop/health",
            "/health",
            "/api/health",
            "/lt/shop/shop/system/health",
        ]:
            with self.subTest(path):
                self.fits(self.answered(200, self.send("GET", path)), shapes.HEALTH)

    def test_wrong_credentials_are_told_where_the_check_is_a_test_of_them(self):
        wrong = {"X-API-Secret": "wrong"}
        for path in ["/shop/health", "/en/shop/health"]:
            self.failed(401, "INVALID_CREDENTIALS", self.send("GET", path, headers=wrong))
        self.answered(200, self.send("GET", "/health", headers=wrong))


class Errors(AgainstServer):
    def test_the_numbers_of_wrong_credentials(self):
        for headers, code, number in [
            ({"X-API-Key": None, "X-API-Secret": None}, "AUTH_REQUIRED", 1010),
            ({"X-API-Key": "unknown"}, "INVALID_CREDENTIALS", 1011),
            ({"X-API-Key": "lty_unknown"}, "INVALID_CREDENTIALS", 1012),
            ({"X-API-Secret": "wrong"}, "INVALID_CREDENTIALS", 1012),
        ]:
            body = self.failed(401, code, self.send("POST", "/en/shop/validate-credentials", headers=headers))
            self.assertEqual(body["error_number"], number)

    def test_an_error_fits_the_sdks_model(self):
        body = self.failed(400, "VALIDATION_ERROR", self.send("GET", "/en/shop/loyalty-cards/info"))
        self.assertEqual(body["error_number"], 1100)
        # Deviation: the model holds the `code` of every answer to be text; in successes it is the status, a number.
        self.assertEqual(models.ApiResponse.model_validate(body).code, "VALIDATION_ERROR")

    def test_a_field_that_is_wrong_is_named_in_both_forms(self):
        body = {"order_id": fresh("order"), "user_id": self.card().user_id, "order_total": -1}
        failed = self.failed(400, "VALIDATION_ERROR", self.send("POST", "/en/shop/transactions/create", body))
        self.assertIn("order_total", failed["errors"])
        self.fits(failed["error"]["details"]["errors"], [{"field": str, "message": str, "code": str, "meta": dict}])

    def test_too_few_points_are_told_in_numbers(self):
        card = self.card(points=40)
        body = {"order_id": fresh("order"), "user_id": card.user_id, "order_total": 1, "points_redeemed": 100}
        failed = self.failed(422, "INSUFFICIENT_POINTS", self.send("POST", "/en/shop/transactions/create", body))
        details = failed["error"]["details"]
        expected = {
            "required_points": 100,
            "available_points": 40,
            "shortfall": 60,
            "requested_points": 100,
            "current_balance": 40,
        }
        self.assertEqual(details, {**details, **expected})

    def test_all_codes_are_listed_for_anyone(self):
        anyone = {"X-API-Key": None, "X-API-Secret": None}
        codes = self.answered(200, self.send("GET", "/en/error-codes", headers=anyone))
        entry = {"http": int, "number": shapes.Nullable(int), "description": str, "aliases": [str]}
        self.fits(codes, {code: entry for code in codes})
        for code, status in [
            ("AUTH_REQUIRED", 401),
            ("INVALID_CREDENTIALS", 401),
            ("CREDENTIALS_EXPIRED", 401),
            ("INSUFFICIENT_PERMISSIONS", 403),
            ("IP_NOT_WHITELISTED", 403),
            ("VALIDATION_ERROR", 400),
            ("INVALID_EMAIL", 400),
            ("INVALID_POINTS", 400),
            ("RESOURCE_NOT_FOUND", 404),
            ("CARD_NOT_FOUND", 404),
            ("CUSTOMER_NOT_FOUND", 404),
            ("SHOP_NOT_FOUND", 404),
            ("RESOURCE_ALREADY_EXISTS", 409),
            ("DUPLICATE_CUSTOMER", 409),
            ("CARD_BLOCKED", 403),
            ("INSUFFICIENT_POINTS", 422),
            ("CURRENCY_MISMATCH", 422),
            ("POINTS_OUT_OF_RANGE", 422),
            ("BULK_OPERATION_TOO_LARGE", 422),
            ("STORE_ACCESS_DENIED", 403),
            ("RATE_LIMIT_EXCEEDED", 429),
            ("INTERNAL_ERROR", 500),
        ]:
            self.assertEqual(codes.get(code, {}).get("http"), status, code)
        self.assertEqual((codes["VALIDATION_ERROR"]["number"], codes["CARD_NOT_FOUND"]["number"]), (1100, 1200))
        lithuanian = self.answered(200, self.send("GET", "/lt/error-codes", headers=anyone))
        self.assertEqual(set(lithuanian), set(codes))
        self.assertNotEqual(lithuanian["CARD_NOT_FOUND"]["description"], codes["CARD_NOT_FOUND"]["description"])


class Shops(AgainstServer):
    def test_one_shop(self):
        shop = self.answered(200, self.send("GET", f"/en/shop/shops/{SHOP}"))
        self.fits(shop, shapes.SHOP)
        self.assertEqual((shop["id"], shop["partner_id"], shop["is_virtual"]), (SHOP, PARTNER, False))
        self.failed(404, "SHOP_NOT_FOUND", self.send("GET", "/en/shop/shops/999999999"))

    def test_shops_around_a_point(self):
        near = self.answered(
            200, self.send("GET", "/en/shop/shops/nearby", latitude=54.6872, longitude=25.2797, radius=5)
        )
        self.fits(near, [{**shapes.SHOP, "distance": shapes.NUMBER}])
        self.failed(400, "VALIDATION_ERROR", self.send("GET", "/en/shop/shops/nearby", latitude=54.6872))
        self.failed(400, "VALIDATION_ERROR", self.send("GET", "/en/shop/shops/nearby", latitude=91, longitude=0))

    def test_the_doubled_segment_of_another_client(self):
        once = self.send("GET", "/lt/shop/shops").json()
        twice = self.send("GET", "/lt/shop/shop/shops").json()
        self.assertEqual((twice["data"], twice["meta"]), (once["data"], once["meta"]))


class Customers(AgainstServer):
    def test_a_customer_is_registered_once(self):
        email = f"{fresh('new')}@example.com"
        body = {"email": email, "first_name": "Ona", "last_name": "Example", "phone": "+37060012345"}
        created = self.answered(201, self.send("POST", "/api/customers", body))
        self.fits(created, shapes.CUSTOMER)
        self.assertEqual((created["email"], created["points"]), (email, 0))
        again = self.failed(409, "DUPLICATE_CUSTOMER", self.send("POST", "/api/customers", body))
        self.assertEqual(again["error"]["existing_customer_id"], created["id"])

    def test_a_customer_with_cards_and_points(self):
        card = self.card(points=25)
        for name in [f"cust_{card.user_id}", card.user_id]:
            shown = self.answered(200, self.send("GET", f"/api/customers/{name}"))
            owned = {"id": str, "card_number": shapes.CARD_NUMBER, "points_balance": int, "status": str}
            self.fits(shown, {**shapes.CUSTOMER, "cards": [owned]})
            self.assertEqual([owned["card_number"] for owned in shown["cards"]], [card.number])
            balance = self.answered(200, self.send("GET", f"/api/customers/{name}/balance"))
            self.fits(balance, {"customer_id": str, "points": int, "current_points": int, "tier": str})
            self.assertEqual(balance["points"], 25)
        missing = self.failed(404, "CUSTOMER_NOT_FOUND", self.send("GET", "/api/customers/cust_999999999"))
        self.assertEqual(missing["error"]["details"]["customer_id"], "cust_999999999")

    def test_customers_are_found(self):
        card = self.card()
        for filters in [{"email": card.email}, {"card_number": card.number}]:
            found = self.answered(200, self.send("GET", "/api/customers", **filters))
            self.assertEqual([customer["id"] for customer in found["customers"]], [f"cust_{card.user_id}"], filters)
            self.assertEqual(found["pagination"]["total"], 1)


class Orders(AgainstServer):
    def create(self, body, path="create"):
        return self.send("POST", f"/en/shop/transactions/{path}", body)

    def test_a_booking_is_created_and_its_repetition_is_marked(self):
        card = self.card()
        body = {"order_id": fresh("order"), "user_id": card.user_id, "order_total": 15.5}
        first = self.create(body)
        self.fits(self.answered(201, first), shapes.CREATED)
        self.assertNotIn("Idempotent-Replayed", first.headers)
        again = self.create({**body, "order_total": 15.50})
        self.assertEqual(self.answered(201, again), first.json()["data"])
        self.assertEqual(again.headers["Idempotent-Replayed"], "true")
        other = self.failed(409, "RESOURCE_ALREADY_EXISTS", self.create({**body, "order_total": 16}))
        self.assertEqual(other["data"]["transaction_id"], first.json()["data"]["transaction_id"])

    def test_an_order_counts_once_whichever_path_it_takes(self):
        card = self.card()
        order = fresh("order")
        body = {"order_id": order, "user_id": card.user_id, "order_total": 10}
        first = self.answered(201, self.create(body))
        again = self.create(body, "award-points")
        self.assertEqual(self.answered(201, again)["transaction_id"], first["transaction_id"])
        self.assertEqual(again.headers["Idempotent-Replayed"], "true")
        award = {"card_id": f"card_{card.id}", "points": 7, "reason": "Purchase", "order_id": order}
        self.failed(409, "RESOURCE_ALREADY_EXISTS", self.send("POST", "/api/points/award", award))
        self.assertEqual(self.balance(card), 100)

    def test_a_card_alone_names_its_holder(self):
        card = self.card()
        for named in [
            {"card_id": card.id},
            {"card_number": card.number},
            {"loyalty_card_id": card.id},
            {"customer_id": f"cust_{card.user_id}"},
        ]:
            booked = self.answered(201, self.create({"order_id": fresh("order"), "order_total": 1, **named}))
            self.assertEqual((booked["user_id"], booked["loyalty_card_id"]), (card.user_id, card.id), named)

    def test_older_names_of_the_fields(self):
        card = self.card()
        body = {"card_id": card.id, "amount": 50, "points": 50, "type": "earn", "reference": fresh("ORDER")}
        booked = self.answered(201, self.create(body))
        self.assertEqual((booked["points"], booked["order_total"], booked["order_id"]), (50, 50, body["reference"]))
        body = {"card_number": card.number, "amount": 10, "points_earned": 3, "order_id": fresh("order")}
        self.assertEqual(self.answered(201, self.create(body))["points"], 3)

    def test_a_template_may_be_named_for_a_customer_without_a_card(self):
        customer = self.customer()
        body = {"order_id": fresh("order"), "user_id": customer.id, "order_total": 1, "partner_card_id": TEMPLATE}
        self.assertEqual(self.answered(201, self.create(body))["user_id"], customer.id)

    def test_one_transaction_with_what_was_in_the_cart(self):
        card = self.card()
        cart = [
            {
                "product_id": 7,
                "product_name": "Loaf",
                "quantity": 2,
                "unit_price": 1.5,
                "total_price": 3.0,
                "sku": "L-7",
                "category": "Bread",
            }
        ]
        body = {"order_id": fresh("order"), "user_id": card.user_id, "order_total": 3, "cart_items": cart}
        booked = self.answered(201, self.create(body))
        shown = self.answered(200, self.send("GET", f"/en/shop/transactions/{booked['id']}"))
        self.fits(shown, {**shapes.TRANSACTION, "cart_items": list})
        self.assertEqual((shown["id"], shown["cart_items"]), (booked["id"], cart))
        self.failed(404, "RESOURCE_NOT_FOUND", self.send("GET", "/en/shop/transactions/999999999"))


class Deductions(AgainstServer):
    def deduct(self, **body):
        return self.send("POST", "/en/shop/transactions/deduct-points", body)

    def test_a_refund_by_order_and_amount(self):
        card = self.card()
        order, _ = self.purchase(card, 20)
        refund = fresh("refund")
        body = {"user_id": card.user_id, "order_id": order, "refund_id": refund, "refund_amount": 5, "reason": "Broken"}
        response = self.deduct(**body)
        deducted = self.answered(201, response)
        self.fits(deducted, {**shapes.CREATED, "points_deducted": int, "reference_number": str})
        self.assertEqual((deducted["type"], deducted["points"], deducted["points_deducted"]), ("refund", -50, 50))
        self.assertEqual((deducted["reference_number"], deducted["points_balance"]), (refund, 150))
        again = self.deduct(**body)
        self.assertEqual(self.answered(201, again), deducted)
        self.assertEqual(again.headers["Idempotent-Replayed"], "true")
        self.failed(409, "RESOURCE_ALREADY_EXISTS", self.deduct(**{**body, "refund_amount": 6}))

    def test_both_forms_of_a_refund_are_one_refund(self):
        card = self.card()
        order, _ = self.purchase(card, 20)
        refund = fresh("refund")
        self.answered(201, self.deduct(user_id=card.user_id, order_id=order, refund_id=refund, refund_amount=5))
        self.sdk.create_transaction(
            order_id=order, user_id=card.user_id, order_total=5, transaction_type="refund", refund_id=refund
        )
        self.assertEqual(self.balance(card), 150)

    def test_points_without_an_order(self):
        card = self.card(points=80)
        deducted = self.answered(201, self.deduct(card_number=card.number, points=30, reason="Complaint"))
        self.assertEqual((deducted["points_deducted"], deducted["points_balance"]), (30, 50))

    def test_what_cannot_be_deducted(self):
        card = self.card(points=10)
        self.failed(400, "VALIDATION_ERROR", self.deduct(user_id=card.user_id))
        self.failed(404, "CUSTOMER_NOT_FOUND", self.deduct(user_id=999_999_999, points=1))
        self.failed(404, "CARD_NOT_FOUND", self.deduct(card_id=999_999_999, points=1))
        self.assertEqual(self.balance(card), 10)


class Points(AgainstServer):
    def add(self, card, points, kind="earned", **more):
        body = {"loyalty_card_id": card.id, "points": points, "type": kind, "description": "Corrected", **more}
        return self.send("POST", "/en/shop/points", body)

    def test_points_are_added_and_taken(self):
        card = self.card()
        earned = self.answered(201, self.add(card, 90, metadata={"source": "till 2"}))
        self.fits(earned, {**shapes.POINT_ENTRY, "new_balance": int})
        self.assertEqual((earned["points"], earned["type"], earned["new_balance"]), (90, "earned", 90))
        self.assertEqual((earned["loyalty_card_id"], earned["card"]["card_number"]), (card.id, card.number))
        self.assertEqual((earned["description"], earned["metadata"]), ("Corrected", {"source": "till 2"}))
        spent = self.answered(201, self.add(card, 30, "spent"))
        self.assertEqual((spent["points"], spent["type"], spent["new_balance"]), (-30, "spent", 60))
        for kind, balance in [("bonus", 70), ("expired", 60), ("refund", 50)]:
            self.assertEqual(self.answered(201, self.add(card, 10, kind))["new_balance"], balance, kind)
        self.assertEqual(self.balance(card), 50)

    def test_a_reference_counts_once(self):
        card = self.card()
        reference = fresh("campaign")
        first = self.answered(201, self.add(card, 5, reference_id=reference))
        again = self.add(card, 5, reference_id=reference)
        self.assertEqual(self.answered(201, again), first)
        self.assertEqual(again.headers["Idempotent-Replayed"], "true")
        self.failed(409, "RESOURCE_ALREADY_EXISTS", self.add(card, 6, reference_id=reference))

    def test_what_cannot_be_moved(self):
        card = self.card(points=10)
        self.failed(422, "INSUFFICIENT_POINTS", self.add(card, 11, "spent"))
        self.failed(400, "INVALID_POINTS", self.add(card, 0))
        self.failed(400, "VALIDATION_ERROR", self.add(card, 1, "nonsense"))
        silent = {"loyalty_card_id": card.id, "points": 1, "type": "earned"}
        self.failed(400, "VALIDATION_ERROR", self.send("POST", "/en/shop/points", silent))
        missing = {"loyalty_card_id": 999_999_999, "points": 1, "type": "earned", "description": "Corrected"}
        self.failed(404, "CARD_NOT_FOUND", self.send("POST", "/en/shop/points", missing))
        self.block(card)
        self.failed(403, "CARD_BLOCKED", self.add(card, 1))

    def test_entries_are_listed_and_shown(self):
        card = self.card()
        earned = self.answered(201, self.add(card, 40))
        self.answered(201, self.add(card, 15, "spent"))
        body = self.send("GET", "/en/shop/points", card_id=card.id).json()
        entries = self.page({"data": body["data"], "meta": body["meta"]}, shapes.POINT_ENTRY)
        self.assertEqual([entry["points"] for entry in entries], [-15, 40])
        for entry in entries:
            models.PointsTransaction.model_validate(entry)
        self.assertEqual((body["meta"]["total_points_earned"], body["meta"]["total_points_spent"]), (40, 15))
        spent = self.send("GET", "/en/shop/points", card_id=card.id, type="spent").json()["data"]
        self.assertEqual([entry["points"] for entry in spent], [-15])
        self.assertEqual(self.send("GET", "/en/shop/points", per_page=500).json()["meta"]["per_page"], 50)
        shown = self.answered(200, self.send("GET", f"/en/shop/points/{earned['id']}"))
        self.fits(shown, shapes.POINT_ENTRY)
        self.assertEqual((shown["id"], shown["points"]), (earned["id"], 40))
        self.failed(404, "RESOURCE_NOT_FOUND", self.send("GET", "/en/shop/points/999999999"))

    def test_the_balance_of_a_card_under_both_of_its_paths(self):
        card = self.card(points=75)
        balance = self.answered(200, self.send("GET", f"/en/shop/points/balance/{card.id}"))
        self.fits(balance, shapes.POINTS_BALANCE)
        self.assertEqual((balance["points_balance"], balance["total_earned"], balance["total_spent"]), (75, 75, 0))
        self.assertEqual(self.answered(200, self.send("GET", f"/en/shop/points/card/{card.id}/balance")), balance)
        self.failed(404, "CARD_NOT_FOUND", self.send("GET", "/en/shop/points/balance/999999999"))

    def test_many_movements_in_one_request(self):
        first, second = self.card(), self.card()
        items = [
            {"card_id": first.id, "type": "award", "points": 50, "reason": "Birthday"},
            {"customer_id": second.user_id, "points": 20, "reason": "Birthday"},
            {"card_id": first.id, "type": "redeem", "points": 60, "reason": "Too much"},
            {"card_id": first.id, "type": "adjust", "points": -10, "reason": "Mistake"},
        ]
        done = self.answered(200, self.send("POST", "/en/shop/points/bulk", {"transactions": items}))
        self.fits(done, {"processed": int, "successful": int, "failed": int, "processing_time": str, "results": list})
        self.assertEqual((done["processed"], done["successful"], done["failed"]), (4, 3, 1))
        success = {"card_id": int, "status": shapes.OneOf("success"), "transaction_id": int, "new_balance": int}
        failure = {"card_id": int, "status": shapes.OneOf("failed"), "error": {"code": str, "message": str}}
        for place, result in enumerate(done["results"]):
            self.fits(result, failure if place == 2 else success)
        self.assertEqual(done["results"][2]["error"]["code"], "INSUFFICIENT_POINTS")
        self.assertEqual((self.balance(first), self.balance(second)), (40, 20))
        self.failed(400, "VALIDATION_ERROR", self.send("POST", "/en/shop/points/bulk", {"transactions": []}))
        many = {"transactions": [items[0]] * 1_001}
        self.failed(422, "BULK_OPERATION_TOO_LARGE", self.send("POST", "/en/shop/points/bulk", many))


class Offers(AgainstServer):
    def test_categories_of_offers_are_a_list_without_pages(self):
        response = self.send("GET", "/en/shop/categories")
        category = {"id": int, "name": dict, "slug": str, "parent_id": shapes.Nullable(int), "children": list}
        self.fits(self.answered(200, response), [category])
        self.assertNotIn("meta", response.json())

    def test_the_state_of_the_offers(self):
        status = self.answered(200, self.send("GET", "/en/shop/sync-status"))
        expected = {"total_offers": int, "active_offers": int, "expired_offers": int, "last_sync": shapes.MOMENT}
        self.fits(status, expected)


class QrCodes(AgainstServer):
    def picture(self, response):
        """The width of a PNG image, which is its height."""
        self.assertEqual(response.status_code, 200, response.text[:500])
        self.assertEqual(response.headers["Content-Type"], "image/png")
        self.assertEqual(response.content[:8], PNG)
        width, height = struct.unpack(">II", response.content[16:24])
        self.assertEqual(width, height)
        return width

    def anyone(self, path, **params):
        return self.send("GET", path, headers={"X-API-Key": None, "X-API-Secret": None}, **params)

    def test_the_code_of_a_card_is_a_picture_for_anyone(self):
        card = self.card()
        self.picture(self.anyone(f"/qr/card_{card.id}"))
        self.picture(self.anyone(f"/qr/{card.number}"))
        missing = self.anyone("/qr/card_999999999")
        self.assertEqual(missing.status_code, 404)

    def test_a_card_says_where_its_code_is(self):
        info = self.sdk.get_loyalty_card_info(card_id=self.card().id)
        self.picture(self.sdk.session.get(info["qr_code_url"], timeout=self.sdk.timeout))

    def test_any_text_as_a_picture(self):
        self.assertEqual(self.picture(self.anyone("/qr", data="loyalty:card:LC079927398713")), 250)
        self.assertEqual(self.picture(self.anyone("/qr", data="Ąžuolas & ąsotis", size=300)), 300)
        self.failed(400, "VALIDATION_ERROR", self.anyone("/qr"))
        self.failed(400, "VALIDATION_ERROR", self.anyone("/qr", data="x", size=0))


if __name__ == "__main__":
    unittest.main()
