import "./design/global.css";

import { Alert, Button, Center, MantineProvider, Stack } from "@mantine/core";
import { QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { StrictMode, type ReactNode } from "react";
import { createRoot } from "react-dom/client";
import { Router } from "wouter";

import { theme, variables } from "./design/theme.ts";
import { Fhir, FhirError, Unreachable } from "./fhir/client.ts";
import { Notices } from "./forms/Notices.tsx";
import { Keys } from "./frame/Keys.tsx";
import type { Place } from "./frame/navigation.ts";
import { Offline } from "./frame/Offline.tsx";
import { PaletteHost } from "./frame/PaletteHost.tsx";
import { returnFocus } from "./frame/returnFocus.ts";
import { SignedOutNotice } from "./frame/SignedOut.tsx";
import { inLanguage, startTexts, text, type Texts } from "./i18n/i18n.ts";
import { LiveUpdates } from "./live/LiveUpdates.tsx";
import { Ahead } from "./parts/Ahead.tsx";
import type { Preparable } from "./parts/part.tsx";
import { loadConfig, type AppDescription } from "./smart/config.ts";
import { SmartProvider } from "./smart/context.tsx";
import { enter, LaunchRefused } from "./smart/launch.ts";
import { SignedOut } from "./smart/session.ts";
import { Guard } from "./states/Guard.tsx";

interface App {
  description: AppDescription;
  texts: Texts;
  places: readonly Place[];
  /** Types whose changes are heard of: what is shown about them is read again. */
  live: readonly string[];
  /** Pages that are loaded when a way to them is pointed at, by their routes. */
  pages?: Readonly<Record<string, Preparable>>;
  /** Where the palette leads to for a patient, below the app; without it to the chart. */
  patientPath?: (id: string) => string;
  /** The routes of the app, within <Frame>. */
  children: ReactNode;
}

const FRESH_MS = 15_000;

/** Signs in, and shows the app: what main.tsx of every app calls. */
export async function startApp(app: App): Promise<void> {
  const element = document.getElementById("root");
  if (element === null) throw new Error("no #root");
  await startTexts(app.texts);
  returnFocus();
  document.title = inLanguage(app.description.title);
  const root = createRoot(element);
  const show = (content: ReactNode) =>
    root.render(
      <StrictMode>
        <MantineProvider theme={theme} cssVariablesResolver={variables} defaultColorScheme="auto">{content}</MantineProvider>
      </StrictMode>,
    );
  try {
    const config = await loadConfig();
    const session = await enter(app.description, config);
    if (session === undefined) return; // the browser goes away to sign in
    const fhir = new Fhir(session);
    const smart = {
      app: app.description,
      config,
      session,
      fhir,
      key: (about: readonly string[], ...rest: unknown[]) => [`${session.grant.iss} ${session.grant.fhirUser ?? ""}`, about, ...rest],
    };
    show(
      <QueryClientProvider client={queryClient()}>
        <SmartProvider smart={smart}>
          <LiveUpdates types={app.live}>
            <Router base={`/apps/${app.description.name}`}>
              <Notices />
              {app.pages !== undefined && <Ahead pages={app.pages} />}
              <Offline />
              <PaletteHost places={app.places} patientPath={app.patientPath} />
              <Keys places={app.places} />
              <SignedOutNotice />
              <Guard>{app.children}</Guard>
            </Router>
          </LiveUpdates>
        </SmartProvider>
      </QueryClientProvider>,
    );
  } catch (error) {
    show(<Refused app={app.description} error={error} />);
  }
}

function queryClient(): QueryClient {
  return new QueryClient({
    defaultOptions: {
      queries: {
        staleTime: FRESH_MS,
        retry: (failures, error) => failures < 2 && (error instanceof Unreachable || (error instanceof FhirError && (error.status >= 502 || error.status === 429))),
        throwOnError: false,
      },
      mutations: { retry: false, onError: (error) => error instanceof SignedOut || undefined },
    },
  });
}

function Refused({ app, error }: { app: AppDescription; error: unknown }) {
  const reason = error instanceof LaunchRefused ? error.message : String(error);
  const texts: Record<string, string> = {
    foreign: text("launchForeign"),
    stale: text("launchStale"),
    access_denied: text("launchDenied"),
    unready: text("launchUnready"),
  };
  return (
    <Center mih="100dvh" p="md" component="main">
      <Stack maw={480}>
        <Alert role="alert" color="red" title={inLanguage(app.title)}>{texts[reason] ?? text("launchOther", { reason })}</Alert>
        <Button component="a" href={`/apps/${app.name}/`}>{text("startAgain")}</Button>
      </Stack>
    </Center>
  );
}
