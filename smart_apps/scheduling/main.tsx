import { startApp } from "../shared/start.tsx";
import description from "./app.json";
import { App, PAGES } from "./App.tsx";
import { PLACES } from "./places.ts";

void startApp({
  description,
  texts: { en: () => import("./locales/en.json"), de: () => import("./locales/de.json") },
  places: PLACES,
  pages: PAGES,
  live: ["Appointment", "Slot", "Schedule", "PractitionerRole", "Communication", "Task", "ServiceRequest"],
  children: <App />,
});
