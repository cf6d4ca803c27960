import { startApp } from "../shared/start.tsx";
import description from "./app.json";
import de from "./locales/de.json";
import en from "./locales/en.json";
import { Imaging } from "./Imaging.tsx";
import { PLACES } from "./places.ts";

void startApp({
  description,
  texts: { en, de },
  places: PLACES,
  live: ["ImagingStudy", "DiagnosticReport", "Media"],
  patientPath: (id) => `/patients/${id}`,
  children: <Imaging />,
});
