import { startApp } from "../shared/start.tsx";
import { Chart, PAGES } from "./Chart.tsx";
import description from "./app.json";
import { PLACES } from "./places.ts";

void startApp({
  description,
  texts: { en: () => import("./locales/en.json"), de: () => import("./locales/de.json") },
  places: PLACES,
  pages: PAGES,
  live: [
    "Patient", "Encounter", "Observation", "DiagnosticReport", "AllergyIntolerance", "Condition", "MedicationRequest", "Flag", "Task",
    "DocumentReference", "Immunization", "Procedure", "CarePlan", "Goal", "Appointment", "ServiceRequest", "ImagingStudy", "Consent",
  ],
  patientPath: (id) => `/patients/${id}`,
  children: <Chart />,
});
