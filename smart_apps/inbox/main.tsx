import { IconChecks, IconInbox } from "@tabler/icons-react";
import { Route, Switch } from "wouter";

import { Frame } from "../shared/frame/Frame.tsx";
import type { Place } from "../shared/frame/navigation.ts";
import { startApp } from "../shared/start.tsx";
import description from "./app.json";
import { InboxPage } from "./InboxPage.tsx";

const PLACES: readonly Place[] = [
  { path: "", label: "open", icon: IconInbox, key: "o" },
  { path: "answered", label: "answered", icon: IconChecks, key: "a" },
];

void startApp({
  description,
  texts: { en: () => import("./locales/en.json"), de: () => import("./locales/de.json") },
  places: PLACES,
  live: ["Task", "DetectedIssue", "Flag"],
  children: (
    <Frame places={PLACES}>
      <Switch>
        <Route path="/answered"><InboxPage key="done" tab="done" /></Route>
        <Route><InboxPage key="open" tab="open" /></Route>
      </Switch>
    </Frame>
  ),
});
