import { startApp } from "../shared/start.tsx";
import description from "./app.json";
import { Imaging, PAGES } from "./Imaging.tsx";
import { PLACES } from "./places.ts";

void startApp({
  description,
  texts: { en: () => import("./locales/en.json"), de: () => import("./locales/de.json") },
  places: PLACES,
  pages: PAGES,
  live: ["ImagingStudy", "DiagnosticReport", "Media"],
  patientPath: (id) => `/patients/${id}`,
  children: <Imaging />,
});
