import { startApp } from "../shared/start.tsx";
import description from "./app.json";
import { PLACES } from "./places.ts";
import { Portal, PAGES } from "./Portal.tsx";

void startApp({
  description,
  texts: { en: () => import("./locales/en.json"), de: () => import("./locales/de.json") },
  places: PLACES,
  pages: PAGES,
  live: ["Appointment", "Communication", "Observation", "DiagnosticReport", "Condition", "AllergyIntolerance", "MedicationRequest", "MedicationStatement", "Immunization", "Consent"],
  children: <Portal />,
});
