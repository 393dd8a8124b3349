//! The status of an app, in the formats of `fly status`.

use serde_json::{Value, json};

use super::answers::{App, SET_AT};

/// The format of `--json`.
pub(super) fn document(name: &str, app: &App) -> Value {
    let machines: Vec<Value> = app
        .machines
        .iter()
        .map(|machine| {
            json!({
                "id": machine.id, "name": format!("machine-{}", machine.id), "state": machine.state,
                "region": "ord", "created_at": SET_AT, "updated_at": SET_AT,
                "config": {
                    "image": format!("registry.fly.io/{name}:deployment-{}", machine.release),
                    "metadata": {
                        "fly_platform_version": "v2", "fly_process_group": "app",
                        "fly_release_version": machine.release.to_string(),
                    },
                },
                "host_status": "ok", "cordoned": false,
            })
        })
        .collect();
    json!({
        "AppURL": format!("https://{name}.fly.dev"), "Deployed": !machines.is_empty(),
        "Hostname": format!("{name}.fly.dev"), "ID": name, "Machines": machines, "Name": name,
        "Organization": { "ID": "o1", "InternalNumericID": 1, "Name": "HotDash", "Slug": "hotdash",
                          "RawSlug": "hotdash", "PaidPlan": true },
        "PlatformVersion": "machines",
        "Status": if app.machines.is_empty() { "pending" } else { "deployed" },
        "Version": app.release,
    })
}

/// The format for people.
pub(super) fn table(name: &str, app: &App) -> String {
    let mut table =
        format!("App\n  Name     = {name}\n  Owner    = hotdash\n  Hostname = {name}.fly.dev\n\nMachines\n");
    table.push_str("PROCESS\tID\tVERSION\tREGION\tSTATE\n");
    for machine in &app.machines {
        table.push_str(&format!("app\t{}\t{}\tord\t{}\n", machine.id, machine.release, machine.state));
    }
    table
}
