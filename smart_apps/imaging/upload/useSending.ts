import { useQueryClient } from "@tanstack/react-query";
import { useState } from "react";

import { Unreachable } from "../../shared/fhir/client.ts";
import { isAbout } from "../../shared/fhir/queries.ts";
import { useSmart } from "../../shared/smart/context.tsx";
import type { Chosen } from "./collect.ts";
import { batches, store, type Outcome } from "./stow.ts";

/** What is said of pictures and PDFs. */
export interface About {
  description: string;
  modality: string;
  laterality: string;
}

/** What was sent so far. */
export interface Progress {
  isBusy: boolean;
  sent: number;
  bytes: number;
  total: number;
  outcomes: ReadonlyMap<string, Outcome>;
}

const MOST_WRAPPED = 90_000_000;
const NOTHING: Progress = { isBusy: false, sent: 0, bytes: 0, total: 0, outcomes: new Map() };

/** Sends files one lot after the other. */
export function useSending(patient: string) {
  const { config, fhir } = useSmart();
  const queries = useQueryClient();
  const [progress, setProgress] = useState<Progress>();

  /** Pictures and PDFs become instances with the patient's identity. */
  const wrap = async (files: readonly Chosen[], about: About): Promise<Map<string, Outcome>> => {
    const form = new FormData();
    form.append("patient", patient);
    if (about.description.trim() !== "") form.append("description", about.description.trim());
    form.append("modality", about.modality);
    if (about.laterality !== "") form.append("laterality", about.laterality);
    for (const file of files) form.append("file", file.content, file.name.split("/").at(-1));
    try {
      const answer = (await (await fhir.send(`${config.dicomweb}/wrap`, { method: "POST", body: form, headers: { Accept: "application/json" } })).json()) as { study: string };
      return new Map(files.map((file) => [file.key, { kind: "stored", study: answer.study }]));
    } catch (error) {
      return new Map(files.map((file) => [file.key, { kind: "failed", error }]));
    }
  };

  const send = async (files: readonly Chosen[], about: About) => {
    const images = batches(files.filter((one) => one.type === "dicom"));
    const others = lots(files.filter((one) => one.type !== "dicom"));
    let now: Progress = { ...NOTHING, isBusy: true, total: files.reduce((sum, one) => sum + one.content.size, 0), outcomes: progress?.outcomes ?? new Map() };
    setProgress(now);
    const done = (lot: readonly Chosen[], made: Map<string, Outcome>) => {
      now = { ...now, sent: now.sent + lot.length, bytes: now.bytes + lot.reduce((sum, one) => sum + one.content.size, 0), outcomes: new Map([...now.outcomes, ...made]) };
      setProgress(now);
      return ![...made.values()].some((one) => one.kind === "failed" && one.error instanceof Unreachable);
    };
    let isReached = true;
    for (const lot of images) if (isReached) isReached = done(lot, await store(fhir, config.dicomweb, lot));
    for (const lot of others) if (isReached) isReached = done(lot, await wrap(lot, about));
    const left = isReached ? [] : files.filter((one) => !now.outcomes.has(one.key));
    now = { ...now, isBusy: false, outcomes: new Map([...now.outcomes, ...left.map((one): [string, Outcome] => [one.key, { kind: "failed", error: new Unreachable("") }])]) };
    setProgress(now);
    void queries.invalidateQueries({ predicate: (query) => isAbout(query.queryKey, ["ImagingStudy"]) });
  };

  return { progress, send, forget: () => setProgress(undefined) };
}

/** Pictures and PDFs as one request takes them; of one study where they fit into one. */
function lots(files: readonly Chosen[]): Chosen[][] {
  const made: Chosen[][] = [];
  let size = 0;
  for (const file of files) {
    if (made.length === 0 || size + file.content.size > MOST_WRAPPED || (made.at(-1)?.length ?? 0) >= 200) {
      made.push([]);
      size = 0;
    }
    made.at(-1)?.push(file);
    size += file.content.size;
  }
  return made;
}
