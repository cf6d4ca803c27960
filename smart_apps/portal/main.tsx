import { startApp } from "../shared/start.tsx";
import description from "./app.json";
import de from "./locales/de.json";
import en from "./locales/en.json";
import { PLACES } from "./places.ts";
import { Portal } from "./Portal.tsx";

void startApp({
  description,
  texts: { en, de },
  places: PLACES,
  live: ["Appointment", "Communication", "Observation", "DiagnosticReport", "Condition", "AllergyIntolerance", "MedicationRequest", "MedicationStatement", "Immunization", "Consent"],
  children: <Portal />,
});
