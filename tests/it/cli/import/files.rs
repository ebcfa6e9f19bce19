//! What files may look like, and what is wrong with them.

use super::{Books, CUSTOMERS, HISTORY, counts, rejected, report};

/// A CSV file as JSON Lines.
fn json_lines(csv: &str, delimiter: char) -> String {
    let mut lines = csv.lines().map(|line| line.split(delimiter).collect::<Vec<_>>());
    let names = lines.next().unwrap();
    let number = |text: &str| text.parse::<f64>().is_ok() && !text.starts_with('+');
    let value = |text: &str| match text {
        "" => "null".to_owned(),
        _ if number(text) => text.to_owned(),
        _ => format!("{text:?}"),
    };
    let object = |line: Vec<&str>| {
        let fields = names.iter().zip(line).map(|(name, text)| format!("{name:?}:{}", value(text)));
        format!("{{{}}}\n", fields.collect::<Vec<_>>().join(","))
    };
    lines.map(object).collect()
}

#[test]
fn csv_and_json_lines_leave_the_same_events() {
    let (csv, json) = (Books::new(), Books::new());
    csv.run(&csv.with_files()).ok();
    let customers = json.file("customers.jsonl", json_lines(CUSTOMERS, ';'));
    let history = json.file("history.jsonl", json_lines(HISTORY, ','));
    json.run(&format!("import --customers {customers} --transactions {history}")).ok();
    assert_eq!(csv.events(), json.events());
    csv.is_sound();
}

#[test]
fn a_mark_windows_line_ends_and_another_delimiter_change_nothing() {
    let (plain, other) = (Books::new(), Books::new());
    plain.run(&plain.with_files()).ok();
    let customers = format!("\u{feff}{}", CUSTOMERS.replace('\n', "\r\n"));
    let customers = other.file("people.export", customers);
    let history = other.file("history.export", HISTORY.replace(',', "\t"));
    let words = format!("import --format csv --customers {customers} --transactions {history}");
    other.run(&words).ok();
    assert_eq!(plain.events(), other.events());
}

#[test]
fn what_is_wrong_with_a_file_is_said_before_anything_is_written() {
    let books = Books::new();
    let before = books.events().len();
    for (name, content, wanted) in [
        ("a.csv", &b"customer_id,email,shoe size,hat\n"[..], "no such columns: \"shoe size\", \"hat\". Known are"),
        ("b.csv", b"email,customer_email\n", "two columns mean email"),
        ("c.csv", b"\xff\xfee\0m\0", "UTF-16"),
        ("d.csv", b"em\xe4il\n", "not UTF-8 text"),
        ("e.csv", b"", "it is empty"),
        ("f.xlsx", b"PK", "--format"),
    ] {
        let file = books.file(name, content);
        let complaint = books.run(&format!("import --customers {file}")).refused();
        assert!(complaint.contains(wanted) && complaint.contains(name), "{complaint}");
    }
    assert!(books.run("import --customers /nowhere.csv").refused().contains("/nowhere.csv"));
    assert!(books.run("import").refused().contains("--transactions"));
    assert!(books.run("import --customers a.csv --shop 9").refused().contains("a.csv"));
    assert_eq!(books.events().len(), before);
    let file = books.file("g.csv", "email,shoe size\nona@example.com,38\n");
    books.run(&format!("import --ignore-unknown-columns --customers {file}")).ok();
}

#[test]
fn every_row_that_is_rejected_is_named_with_its_reason() {
    let books = Books::new();
    let customers = "\
email,phone,status,member_since
ona@example.com,,,
nobody,,,
,,,
x@example.com,,blocked,
y@example.com,,,2999-01-01
z@example.com,12,,
two@example.com,+370 1234567,,
three@example.com,3701234567,,
";
    let head = "type,id,order_id,happened_at,email,phone,card_number,card_id,amount,points,points_earned,points_redeemed,expires_at,currency,shop_id,status\n";
    let rows: [(&str, &str, &str); 29] = [
        ("sale,,o1,2024-01-01,ona@example.com,,,,10,,100,,,,,", "", ""),
        (",,o2,2024-01-01,ona@example.com,,,,10,,100,,,,,", "type", "REQUIRED"),
        ("gift,1,,2024-01-01,ona@example.com,,,,,5,,,,,,", "type", "INVALID"),
        ("sale,,,2024-01-01,ona@example.com,,,,10,,100,,,,,", "order_id", "REQUIRED"),
        ("award,,,2024-01-01,ona@example.com,,,,,5,,,,,,", "id", "REQUIRED"),
        ("sale,,o2,2024-01-01,,,,,10,,100,,,,,", "customer_id", "REQUIRED"),
        ("sale,,o2,,ona@example.com,,,,10,,100,,,,,", "happened_at", "REQUIRED"),
        ("sale,,o2,soon,ona@example.com,,,,10,,100,,,,,", "happened_at", "INVALID"),
        ("sale,,o2,2999-01-01,ona@example.com,,,,10,,100,,,,,", "happened_at", "VALIDATION_ERROR"),
        ("sale,,o2,2024-01-01,ona@example.com,,,,\"10,5\",,100,,,,,", "amount", "INVALID"),
        ("sale,,o2,2024-01-01,ona@example.com,,,,10,,,,,,,", "points_earned", "REQUIRED"),
        ("sale,,o2,2024-01-01,ona@example.com,,,,10,,1.5,,,,,", "points_earned", "INVALID"),
        ("sale,,o2,2024-01-01,ona@example.com,,,,10,,100,,2023-12-31,,,", "expires_at", "VALIDATION_ERROR"),
        ("sale,,o2,2024-01-01,ona@example.com,,,,10,,100,,,USD,,", "currency", "CURRENCY_MISMATCH"),
        ("sale,,o2,2024-01-01,ona@example.com,,,,10,,100,,,,99,", "shop_id", "SHOP_NOT_FOUND"),
        ("sale,,o2,2024-01-01,ona@example.com,,,,10,,100,,,,,pending", "status", "NOT_COMPLETED"),
        ("sale,,o2,2024-01-01,who@example.com,,,,10,,100,,,,,", "email", "CUSTOMER_NOT_FOUND"),
        ("sale,,o2,2024-01-01,,+3701234567,,,10,,100,,,,,", "phone", "AMBIGUOUS"),
        ("sale,,o2,2024-01-01,,,OLD-1,,10,,100,,,,,", "card_number", "CUSTOMER_NOT_FOUND"),
        ("sale,,o2,2024-01-01,,,,card_99,10,,100,,,,,", "card_id", "CARD_NOT_FOUND"),
        ("redeem,r1,,2024-02-01,ona@example.com,,,,,101,,,,,,", "points", "INSUFFICIENT_POINTS"),
        ("redeem,r1,,2024-02-01,ona@example.com,,,,,0,,,,,,", "points", "REQUIRED"),
        ("refund,f1,o9,2024-02-01,ona@example.com,,,,1,,,,,,,", "order_id", "RESOURCE_NOT_FOUND"),
        ("refund,f1,o1,2024-02-01,ona@example.com,,,,11,,,,,,,", "amount", "OPERATION_NOT_ALLOWED"),
        ("refund,,o1,2024-02-01,ona@example.com,,,,1,,,,,,,", "id", "REQUIRED"),
        ("expire,x1,,2024-02-01,two@example.com,,,,,1,,,,,,", "points", "INSUFFICIENT_POINTS"),
        ("sale,,o1,2024-01-01,ona@example.com,,,,10,,101,,,,,", "id", "RESOURCE_ALREADY_EXISTS"),
        ("sale,,o3,2024-01-01,ona@example.com,,,,10,,1000000001,,,,,", "points_earned", "INVALID"),
        ("sale,,o3,2024-01-01", "", "UNREADABLE_ROW"),
    ];
    let history: String = rows.iter().map(|(row, ..)| format!("{row}\n")).collect();
    let mut history = format!("{head}{history}").into_bytes();
    history.extend_from_slice(b"sale,,\xe4,2024-01-01,ona@example.com,,,,10,,100,,,,,\n");
    let (customers, history) = (books.file("customers.csv", customers), books.file("history.csv", history));
    let file = books.folder.path().join("rejected.csv");
    let words = format!("import --json --customers {customers} --transactions {history} --rejected {}", file.display());
    let report = report(&books.run(&words));
    let mut expected = vec![
        (3, "email", "INVALID"),
        (4, "email", "REQUIRED"),
        (5, "status", "NOT_SUPPORTED"),
        (6, "happened_at", "VALIDATION_ERROR"),
        (7, "phone", "INVALID"),
    ];
    let lines = (2..).zip(&rows).filter(|(_, (_, _, code))| !code.is_empty());
    expected.extend(lines.map(|(line, (_, field, code))| (line, *field, *code)));
    expected.push((31, "", "UNREADABLE_ROW"));
    assert_eq!(rejected(&report), expected);
    assert_eq!(counts(&report, "customers"), (3, 0, 5));
    assert_eq!(counts(&report, "transactions"), (1, 0, 29));
    let listed = std::fs::read_to_string(file).unwrap();
    assert_eq!(listed.lines().count(), 1 + expected.len(), "{listed}");
    assert!(listed.starts_with("file,line,field,code,message\n"), "{listed}");
    books.is_sound();
}

#[test]
fn a_row_that_never_ends_is_not_read_into_memory() {
    let books = Books::new();
    let endless = format!("email,name\nona@example.com,\"{}", "x".repeat(2_000_000));
    let file = books.file("endless.csv", endless);
    let complaint = books.run(&format!("import --customers {file}")).refused();
    assert!(complaint.contains("from line 2: a row of more than 65536 bytes"), "{complaint}");
    let long = format!("{{\"email\":\"{}\"}}\n{{\"email\":\"ona@example.com\"}}\n", "x".repeat(2_000_000));
    let file = books.file("long.jsonl", long);
    let report = report(&books.run(&format!("import --json --customers {file}")));
    assert_eq!((counts(&report, "customers"), rejected(&report)), ((1, 0, 1), vec![(1, "", "UNREADABLE_ROW")]));
}
