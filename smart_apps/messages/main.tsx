import { IconMessages, IconPencilPlus } from "@tabler/icons-react";
import { Suspense } from "react";
import { Route, Switch } from "wouter";

import { Frame } from "../shared/frame/Frame.tsx";
import type { Place } from "../shared/frame/navigation.ts";
import { part } from "../shared/parts/part.tsx";
import { startApp } from "../shared/start.tsx";
import { Loading } from "../shared/states/Loaded.tsx";
import description from "./app.json";
import { MessagesPage } from "./MessagesPage.tsx";

const NewMessage = part(() => import("./NewMessage.tsx"));

const PLACES: readonly Place[] = [
  { path: "", label: "conversations", icon: IconMessages, key: "m" },
  { path: "new", label: "newMessage", icon: IconPencilPlus, key: "n", needs: ["Communication", "c"] },
];

void startApp({
  description,
  texts: { en: () => import("./locales/en.json"), de: () => import("./locales/de.json") },
  places: PLACES,
  live: ["Communication"],
  children: (
    <Frame places={PLACES}>
      <Switch>
        <Route path="/new"><Suspense fallback={<Loading />}><NewMessage /></Suspense></Route>
        <Route path="/t/:key">{({ key }) => <MessagesPage open={key} />}</Route>
        <Route><MessagesPage /></Route>
      </Switch>
    </Frame>
  ),
});
