import { Frame } from "../shared/frame/Frame.tsx";
import { startApp } from "../shared/start.tsx";
import description from "./app.json";
import { Launcher } from "./Launcher.tsx";

void startApp({
  description,
  texts: { en: () => import("./locales/en.json"), de: () => import("./locales/de.json") },
  places: [],
  live: [],
  children: (
    <Frame places={[]}>
      <Launcher />
    </Frame>
  ),
});
