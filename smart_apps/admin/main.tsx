import { startApp } from "../shared/start.tsx";
import { Admin, PAGES } from "./Admin.tsx";
import description from "./app.json";
import { PLACES } from "./places.ts";

void startApp({
  description,
  texts: { en: () => import("./locales/en.json"), de: () => import("./locales/de.json") },
  places: PLACES,
  pages: PAGES,
  live: [],
  patientPath: (id) => `/trail?patient=${id}`,
  children: <Admin />,
});
