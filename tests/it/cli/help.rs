//! The help texts, and the exit codes of wrong use.

use super::program::run_bare;

#[test]
fn each_subcommand_explains_its_flags() {
    let subcommands: [(&str, &[&str]); 21] = [
        ("demo", &["--data", "--listen"]),
        ("init", &["--data", "--partner", "--currency", "--json"]),
        (
            "serve",
            &[
                "--data",
                "--config",
                "--listen",
                "--rate-limit",
                "--limit-card",
                "--log",
                "--card-memory",
                "--environment",
                "--dormant",
                "--backup-to",
                "--backup-every",
                "--backup-keep-monthly",
                "--checkpoint-copy",
                "--webhook-retry",
                "--webhooks-ca",
                "--trusted-proxy",
                "--tls-cert",
                "--metrics-listen",
                "--head-timeout",
                "--body-timeout",
                "--idle-timeout",
                "COUNTERFOIL_CARD_MEMORY",
            ],
        ),
        ("config check", &["--data", "--config", "--listen"]),
        ("config show", &["--data", "--config", "--listen", "--json"]),
        (
            "keys create",
            &[
                "--data",
                "--name",
                "--shop",
                "--bearer",
                "--scopes",
                "--allowed-ips",
                "--expires-at",
                "--partner",
                "--json",
            ],
        ),
        ("keys list", &["--data", "--json"]),
        ("keys revoke", &["--data", "--key"]),
        ("status", &["--data", "--json"]),
        ("erase", &["--data", "--customer"]),
        (
            "export",
            &["--data", "--format", "--output", "--columns", "--partner", "--date-from", "--tier", "--type", "--json"],
        ),
        (
            "books",
            &["--data", "--from", "--to", "--as-of-seq", "--partner", "--format", "--table", "--output", "--json"],
        ),
        (
            "webhooks create",
            &[
                "--data",
                "--url",
                "--events",
                "--shops",
                "--description",
                "--inactive",
                "--secret-file",
                "list of processes",
                "--partner",
                "--json",
            ],
        ),
        (
            "webhooks rotate",
            &["--data", "--webhook", "--overlap-hours", "--secret-file", "list of processes", "--json"],
        ),
        ("webhooks skip", &["--data", "--webhook", "--json"]),
        ("webhooks redeliver", &["--data", "--webhook", "--from", "--to", "--json"]),
        ("rebuild", &["--data", "--check"]),
        ("seal", &["--data"]),
        ("backup", &["--data", "--to", "--for-auditor"]),
        ("restore", &["--from", "--data", "--discard-events", "--checkpoint", "--without-secrets", "--json"]),
        ("reset", &["--data", "--confirm"]),
    ];
    for (subcommand, flags) in subcommands {
        let help = run_bare(&format!("{subcommand} --help")).ok();
        for flag in flags {
            assert!(help.contains(flag), "{subcommand} --help does not mention {flag}:\n{help}");
        }
    }
    let help = run_bare("--help").ok();
    for word in [
        "demo",
        "init",
        "serve",
        "status",
        "keys",
        "erase",
        "export",
        "books",
        "rebuild",
        "backup",
        "restore",
        "reset",
        "Exit codes",
    ] {
        assert!(help.contains(word), "--help does not mention {word}");
    }
}

#[test]
fn wrong_use_exits_with_2() {
    for wrong in ["", "serve", "keys", "keys create", "erase --data x", "backup --data x", "wat", "init --data x --wat"]
    {
        run_bare(wrong).refused();
    }
}
