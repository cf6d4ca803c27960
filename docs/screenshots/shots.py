"""Which pages are taken, as whom: every page of every app, and the dialogs that matter most."""

from __future__ import annotations

from dataclasses import dataclass

from docs.screenshots import steps


@dataclass(frozen=True, slots=True)
class Shot:
    """A page: `path` is below the app, with ids of `Hospital.known`; `then` is done on it first."""

    name: str
    app: str
    user: str
    path: str = ""
    then: steps.Step | None = None


PATIENT = "patients/{patient}"
TRENDS = "trends?start=2026-01-01&end=2026-12-31&by=month&code=http://loinc.org%7C8867-4&name=Heart%20rate"

SHOTS = (
    Shot("home", "home", "doctor"),
    Shot("my-patients", "chart", "nurse"),
    Shot("find-patient", "chart", "doctor", "search", steps.find_patient),
    Shot("shared-with-me", "chart", "radiologist", "shared"),
    Shot("shared-document", "chart", "radiologist", "shared/{letter}"),
    Shot("register", "chart", "reception", "register"),
    Shot("opened-in-emergency", "chart", "doctor", "patients/{emergency}", steps.break_the_glass),
    Shot("closed", "chart", "doctor", "patients/{closed}"),
    Shot("chart", "chart", "doctor", PATIENT),
    Shot("chart-reception", "chart", "reception", PATIENT),
    Shot("timeline", "chart", "doctor", f"{PATIENT}/timeline"),
    Shot("vitals", "chart", "doctor", f"{PATIENT}/vitals"),
    Shot("record-vitals", "chart", "nurse", f"{PATIENT}/vitals/new"),
    Shot("results", "chart", "doctor", f"{PATIENT}/results"),
    Shot("report", "chart", "doctor", f"{PATIENT}/results/reports/{{report}}"),
    Shot("problems", "chart", "doctor", f"{PATIENT}/problems"),
    Shot("medications", "chart", "doctor", f"{PATIENT}/medications"),
    Shot("allergies", "chart", "doctor", f"{PATIENT}/allergies"),
    Shot("notes", "chart", "doctor", f"{PATIENT}/notes"),
    Shot("documents", "chart", "doctor", f"{PATIENT}/documents"),
    Shot("add-document", "chart", "doctor", f"{PATIENT}/documents", steps.add_document),
    Shot("document", "chart", "doctor", f"{PATIENT}/documents/{{letter}}"),
    Shot("sharing", "chart", "doctor", f"{PATIENT}/documents/{{letter}}", steps.share),
    Shot("orders", "chart", "doctor", f"{PATIENT}/orders"),
    Shot("imaging", "chart", "doctor", f"{PATIENT}/imaging"),
    Shot("plan", "chart", "doctor", f"{PATIENT}/plan"),
    Shot("procedures", "chart", "doctor", f"{PATIENT}/procedures"),
    Shot("immunizations", "chart", "doctor", f"{PATIENT}/immunizations"),
    Shot("encounters", "chart", "doctor", f"{PATIENT}/encounters"),
    Shot("details", "chart", "reception", f"{PATIENT}/details"),
    Shot("edit-details", "chart", "reception", f"{PATIENT}/details/edit"),
    Shot("summary-document", "chart", "doctor", f"{PATIENT}/share"),
    Shot("alerts", "inbox", "doctor"),
    Shot("answer-alert", "inbox", "doctor", "", steps.answer_alert),
    Shot("answered", "inbox", "doctor", "answered"),
    Shot("messages", "messages", "doctor"),
    Shot("conversation", "messages", "nurse", "t/{thread}"),
    Shot("new-message", "messages", "doctor", "new"),
    Shot("calendar", "scheduling", "reception"),
    Shot("my-calendar", "scheduling", "doctor"),
    Shot("new-appointment", "scheduling", "reception", "", steps.new_appointment),
    Shot("waiting-list", "scheduling", "reception", "waiting"),
    Shot("orders-to-book", "scheduling", "reception", "orders"),
    Shot("hours", "scheduling", "reception", "hours"),
    Shot("my-appointments", "scheduling", "patient"),
    Shot("book-own", "scheduling", "patient", "book"),
    Shot("beds", "board", "nurse"),
    Shot("bed", "board", "nurse", "", steps.open_bed),
    Shot("wall", "board", "nurse", "wall"),
    Shot("capacity", "board", "nurse", "capacity"),
    Shot("figures", "board", "nurse", "metrics"),
    Shot("figure", "board", "nurse", "metrics/lab-turnaround"),
    Shot("trends", "board", "doctor", TRENDS),
    Shot("new-report", "board", "doctor", "reports/new"),
    Shot("own-report", "board", "doctor", "reports/own/{own-report}"),
    Shot("reports", "board", "doctor", "reports"),
    Shot("emergency-access", "admin", "auditor", "reviews"),
    Shot("decide-emergency", "admin", "auditor", "reviews", steps.decide),
    Shot("audit-trail", "admin", "auditor", "trail"),
    Shot("disclosures", "admin", "auditor", "trail/disclosures"),
    Shot("seals", "admin", "auditor", "trail/seals"),
    Shot("who-sees-what", "admin", "auditor", "explain"),
    Shot("accounts", "admin", "admin", "users"),
    Shot("account", "admin", "admin", "users/{user}"),
    Shot("teams", "admin", "admin", "teams"),
    Shot("policies", "admin", "admin", "policies"),
    Shot("policy", "admin", "admin", "policies/doctor"),
    Shot("edit-policy", "admin", "admin", "policies/doctor/edit", steps.open_rule),
    Shot("new-policy", "admin", "admin", "policies/_new/edit"),
    Shot("apps-and-services", "admin", "admin", "clients"),
    Shot("app-or-service", "admin", "admin", "clients/fhirserver-chart"),
    Shot("server", "admin", "admin", "server"),
    Shot("images", "imaging", "radiologist"),
    Shot("images-of-patient", "imaging", "radiologist", "patients/{imaged}"),
    Shot("add-images", "imaging", "radiologist", "patients/{imaged}/upload"),
    Shot("study", "imaging", "radiologist", "studies/{study}", steps.shown_images),
    Shot("image-report", "imaging", "radiologist", "studies/{study}", steps.write_report),
    Shot("move-images", "imaging", "radiologist", "studies/{study}/move", steps.plan_move),
    Shot("medicines-find", "prescriptions", "doctor"),
    Shot("medicines", "prescriptions", "doctor", PATIENT),
    Shot("prescribe", "prescriptions", "doctor", f"{PATIENT}/order"),
    Shot("reconcile", "prescriptions", "doctor", f"{PATIENT}/reconcile"),
    Shot("round", "prescriptions", "nurse", "round"),
    Shot("pharmacy", "prescriptions", "pharmacist", "queue"),
    Shot("lanes", "integration", "integrator"),
    Shot("messages-received", "integration", "integrator", "messages"),
    Shot("message-received", "integration", "integrator", "messages/{message}"),
    Shot("message-refused", "integration", "integrator", "messages/{message-refused}"),
    Shot("codes", "integration", "integrator", "codes"),
    Shot("messages-sent", "integration", "integrator", "sent"),
    Shot("message-sent", "integration", "integrator", "sent/{sent}"),
    Shot("image-senders", "integration", "integrator", "images"),
    Shot("subscriptions", "integration", "integrator", "subscriptions"),
    Shot("partners", "integration", "integrator", "partners"),
    Shot("jobs", "integration", "integrator", "jobs"),
    Shot("my-record", "portal", "patient"),
    Shot("my-results", "portal", "patient", "results"),
    Shot("my-health", "portal", "patient", "health"),
    Shot("who-saw-it", "portal", "patient", "seen"),
    Shot("my-decisions", "portal", "patient", "consents"),
    Shot("download", "portal", "patient", "download"),
)
