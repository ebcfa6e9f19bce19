"""What the tests share: clients of a running server, people with cards, and how answers are held to the contract.

Every test makes its own customers and orders, so that each runs alone and all run against one server in any order.
"""

import os
import unittest
import uuid
from collections import namedtuple

from loyalty_sdk import LoyaltyAPIError, LoyaltySDK

from shapes import META, differences

URL = os.environ["COUNTERFOIL_URL"]
KEY = os.environ["COUNTERFOIL_API_KEY"]
SECRET = os.environ["COUNTERFOIL_API_SECRET"]
PARTNER = int(os.environ["COUNTERFOIL_PARTNER_ID"])
SHOP = int(os.environ["COUNTERFOIL_SHOP_ID"])
TEMPLATE = int(os.environ["COUNTERFOIL_TEMPLATE_ID"])

Customer = namedtuple("Customer", "id email")
Card = namedtuple("Card", "id number user_id email")


def fresh(prefix):
    """A name that no other test has."""
    return f"{prefix}-{uuid.uuid4().hex[:12]}"


class AgainstServer(unittest.TestCase):
    maxDiff = None

    def setUp(self):
        self.sdk = self.client()

    def client(self, locale="en", key=KEY, secret=SECRET):
        sdk = LoyaltySDK(api_key=key, api_secret=secret, locale=locale)
        # The constructor's own `base_url` is ignored: the attribute is what requests go by.
        sdk.base_url = URL
        self.addCleanup(sdk.session.close)
        return sdk

    # Holding answers to the contract.

    def fits(self, value, shape):
        found = differences(value, shape)
        if found:
            self.fail("\n".join(found))

    def page(self, answer, shape):
        """The rows of a list as the SDK gives it."""
        self.assertEqual(set(answer), {"data", "meta"})
        self.fits(answer["meta"], META)
        self.fits(answer["data"], [shape])
        return answer["data"]

    def refused(self, status, code, call, *args, **kwargs):
        """The error of a call that the server refuses."""
        with self.assertRaises(LoyaltyAPIError) as caught:
            call(*args, **kwargs)
        error = caught.exception
        self.assertEqual((error.http_status, error.code), (status, code), error)
        self.assertTrue(error.message)
        return error

    # Paths that the SDK has no method for, over its own session.

    def send(self, method, path, body=None, headers=None, **params):
        return self.sdk.session.request(
            method, URL + path, json=body, params=params, headers=headers, timeout=self.sdk.timeout
        )

    def answered(self, status, response):
        """The data of a success, with the envelope around it checked."""
        body = response.json()
        self.assertEqual(response.status_code, status, body)
        self.fits(body, {"success": bool, "message": str, "code": int, "request_id": str})
        self.assertEqual((body["success"], body["code"]), (True, status))
        self.assertEqual(body["request_id"], response.headers["X-Request-Id"])
        self.assertIsInstance(body["data"], (dict, list))
        return body["data"]

    def failed(self, status, code, response):
        """The body of a failure, with both of its forms checked."""
        body = response.json()
        self.assertEqual((response.status_code, body.get("code")), (status, code), body)
        self.fits(
            body, {"message": str, "status": int, "error_code": str, "request_id": str, "errors": dict, "error": dict}
        )
        self.assertIs(body["success"], False)
        self.assertEqual((body["status"], body["error_code"]), (status, code))
        nested = body["error"]
        self.assertEqual((nested["code"], nested["message"]), (code, body["message"]))
        for name, value in nested["details"].items():
            if name != "errors":
                self.assertEqual(nested[name], value)
        return body

    # People with cards.

    def customer(self, **fields):
        """A customer without a card."""
        email = f"{fresh('customer')}@example.com"
        body = {"email": email, "name": "Ona Example", **fields}
        created = self.answered(201, self.send("POST", "/api/customers", body))
        return Customer(int(created["id"].removeprefix("cust_")), email)

    def card(self, points=0):
        """A customer's card, with so many points on it."""
        email = f"{fresh('holder')}@example.com"
        body = {"customer_email": email, "customer_name": "Jonas Example", "customer_phone": "+37060012345"}
        created = self.answered(201, self.send("POST", "/api/loyalty-cards", body))
        number = created["card_number"]
        found = self.answered(200, self.send("GET", "/api/customers", card_number=number))
        user = int(found["customers"][0]["id"].removeprefix("cust_"))
        card = Card(int(created["id"].removeprefix("card_")), number, user, email)
        if points:
            award = {"card_id": created["id"], "points": points, "reason": "Welcome"}
            self.answered(201, self.send("POST", "/api/points/award", award))
        return card

    def redeem(self, card, points):
        redemption = {"card_id": f"card_{card.id}", "points": points, "reason": "Coffee"}
        self.answered(201, self.send("POST", "/api/points/redeem", redemption))

    def block(self, card):
        self.answered(200, self.send("POST", f"/api/loyalty-cards/card_{card.id}/block", {"reason": "Lost"}))

    def balance(self, card):
        return self.answered(200, self.send("GET", f"/api/points/balance/card_{card.id}"))["current_balance"]

    def purchase(self, card, total, **more):
        """A booked order, and its id."""
        order = more.pop("order_id", None) or fresh("order")
        booked = self.sdk.create_transaction(order_id=order, user_id=card.user_id, order_total=total, **more)
        return order, booked
