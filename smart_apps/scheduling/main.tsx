import { startApp } from "../shared/start.tsx";
import description from "./app.json";
import { App } from "./App.tsx";
import de from "./locales/de.json";
import en from "./locales/en.json";
import { PLACES } from "./places.ts";

void startApp({
  description,
  texts: { en, de },
  places: PLACES,
  live: ["Appointment", "Slot", "Schedule", "PractitionerRole", "Communication", "Task"],
  children: <App />,
});
