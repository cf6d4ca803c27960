import { IconBell, IconLanguage, IconMailForward, IconMessages, IconPhoto, IconPlugConnected, IconProgressCheck, IconServer2 } from "@tabler/icons-react";
import { Suspense } from "react";
import { Route, Switch } from "wouter";

import { Frame } from "../shared/frame/Frame.tsx";
import type { Place } from "../shared/frame/navigation.ts";
import { part } from "../shared/parts/part.tsx";
import { startApp } from "../shared/start.tsx";
import { Loading } from "../shared/states/Loaded.tsx";
import description from "./app.json";
import { Lanes } from "./lanes/Lanes.tsx";

const Messages = part(() => import("./messages/Messages.tsx"));
const Codes = part(() => import("./codes/Codes.tsx"));
const Images = part(() => import("./images/Images.tsx"));
const JobsPage = part(() => import("./jobs/JobsPage.tsx"));
const Partners = part(() => import("./partners/Partners.tsx"));
const Sent = part(() => import("./sent/Sent.tsx"));
const SentPage = part(() => import("./sent/SentPage.tsx"));
const Subscriptions = part(() => import("./subscriptions/Subscriptions.tsx"));
const MessagePage = part(() => import("./messages/MessagePage.tsx"));

const PLACES: readonly Place[] = [
  { path: "", label: "nav.lanes", icon: IconPlugConnected, key: "l" },
  { path: "messages", label: "nav.messages", icon: IconMessages, key: "m" },
  { path: "codes", label: "nav.codes", icon: IconLanguage, key: "c" },
  { path: "sent", label: "nav.sent", icon: IconMailForward, key: "s" },
  { path: "images", label: "nav.images", icon: IconPhoto, key: "i" },
  { path: "subscriptions", label: "nav.subscriptions", icon: IconBell, key: "u" },
  { path: "partners", label: "nav.partners", icon: IconServer2, key: "p" },
  { path: "jobs", label: "nav.jobs", icon: IconProgressCheck, key: "j" },
];

void startApp({
  description,
  texts: { en: () => import("./locales/en.json"), de: () => import("./locales/de.json") },
  places: PLACES,
  pages: {
    "/messages": Messages, "/messages/:number": MessagePage, "/codes": Codes, "/sent": Sent, "/sent/:number": SentPage, "/images": Images,
    "/subscriptions": Subscriptions, "/partners": Partners, "/jobs": JobsPage,
  },
  live: ["Task", "Endpoint"],
  children: (
    <Frame places={PLACES}>
      <Suspense fallback={<Loading lines={8} />}>
        <Switch>
          <Route path="/messages"><Messages /></Route>
          <Route path="/messages/:number">{({ number }) => <MessagePage key={number} number={Number(number)} />}</Route>
          <Route path="/codes"><Codes /></Route>
          <Route path="/sent"><Sent /></Route>
          <Route path="/sent/:number">{({ number }) => <SentPage key={number} number={Number(number)} />}</Route>
          <Route path="/images"><Images /></Route>
          <Route path="/subscriptions"><Subscriptions /></Route>
          <Route path="/partners"><Partners /></Route>
          <Route path="/jobs"><JobsPage /></Route>
          <Route><Lanes /></Route>
        </Switch>
      </Suspense>
    </Frame>
  ),
});
