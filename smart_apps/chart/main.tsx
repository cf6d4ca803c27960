import { startApp } from "../shared/start.tsx";
import { Chart } from "./Chart.tsx";
import description from "./app.json";
import de from "./locales/de.json";
import en from "./locales/en.json";
import { PLACES } from "./places.ts";

void startApp({
  description,
  texts: { en, de },
  places: PLACES,
  live: [
    "Patient", "Encounter", "Observation", "DiagnosticReport", "AllergyIntolerance", "Condition", "MedicationRequest", "Flag", "Task",
    "DocumentReference", "Immunization", "Procedure", "CarePlan", "Goal", "Appointment", "ServiceRequest", "ImagingStudy",
  ],
  patientPath: (id) => `/patients/${id}`,
  children: <Chart />,
});
