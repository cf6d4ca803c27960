import { Frame } from "../shared/frame/Frame.tsx";
import { startApp } from "../shared/start.tsx";
import description from "./app.json";
import de from "./locales/de.json";
import en from "./locales/en.json";
import { Launcher } from "./Launcher.tsx";

void startApp({
  description,
  texts: { en, de },
  places: [],
  live: [],
  children: (
    <Frame places={[]}>
      <Launcher />
    </Frame>
  ),
});
