//! What stands in the log of webhooks, as of the last event: the rows of the table `webhooks`.

use super::tables::{Course, ThingRow, parsed, retire};
use crate::ledger::Event;
use crate::payload::Payload;
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// Applies an event of a webhook. `record` is what it sealed.
pub(super) fn apply(rows: &mut BTreeMap<i64, ThingRow>, event: &Event<'_>, payload: &Payload<'_>, record: i64) {
    let (_, id) = payload.stream();
    let said = parsed(event);
    if let Payload::WebhookCreated(_) = payload {
        let mut says = stated(&said);
        (says["secret_id"], says["since"]) = (said["secret_id"].clone(), json!(event.seq));
        let row = ThingRow { partner: event.partner_id, says, record, course: Course::begun(event) };
        rows.insert(id, row);
        return;
    }
    if let Payload::WebhookRemoved(_) = payload {
        return retire(rows, id, event);
    }
    let Some(row) = rows.get_mut(&id) else { return };
    row.course.go_on(event, None);
    if let Payload::WebhookUpdated(_) = payload {
        let mut says = stated(&said);
        // Being active again is the end of having been stopped.
        let stays_stopped = says.get("is_active").is_some();
        for kept in ["secret_id", "since", "previous"].into_iter().chain(stays_stopped.then_some("disabled")) {
            if let Some(value) = row.says.get(kept) {
                says[kept] = value.clone();
            }
        }
        (row.says, row.record) = (says, record);
    } else if let Payload::WebhookRotated(_) = payload {
        let before = row.says["secret_id"].take();
        row.says["previous"] = json!({"secret_id": before, "until": said["previous_until"]});
        row.says["secret_id"] = said["secret_id"].clone();
    } else if let Payload::WebhookDisabled(_) = payload {
        (row.says["is_active"], row.says["disabled"]) = (json!(false), said["reason"].clone());
    } else if let Payload::WebhookSkipped(_) = payload {
        row.says["since"] = json!(event.seq);
    }
}

/// What an event states of a webhook as a whole; what goes without saying is left out.
fn stated(said: &Value) -> Value {
    let mut says = json!({"events": said["events"]});
    if said.get("is_active") == Some(&json!(false)) {
        says["is_active"] = json!(false);
    }
    if let Some(shops) = said.get("shop_ids") {
        says["shop_ids"] = shops.clone();
    }
    says
}
