import type { ImagingStudy } from "fhir/r4";
import { useMemo, useSyncExternalStore } from "react";

import type { Fhir } from "../../shared/fhir/client.ts";
import { useChange } from "../../shared/fhir/queries.ts";
import { useMe } from "../../shared/frame/useMyApps.ts";
import { useSmart } from "../../shared/smart/context.tsx";
import { uidOf } from "../studies/studies.ts";
import { items, number, type Attributes } from "../viewer/dicom.ts";
import type { Picture } from "../viewer/stacks.ts";
import { drawnSoFar, listen, measurementsOn } from "./annotations.ts";
import { isChanged, whole } from "./measurement.ts";
import { reportOf } from "./report.ts";
import { measurementsOf } from "./saved.ts";
import { useSaved } from "./useSaved.ts";

/** The server didn't take the report; `code` is DICOM's reason. */
export class Refused extends Error {
  override name = "Refused";
}

let version = 0;

function subscribe(onChange: () => void): () => void {
  return listen(() => {
    version += 1;
    onChange();
  });
}

/** The measurements of a study: those that were saved, whether those on the pictures differ, and how to save them. */
export function useMeasurements(study: ImagingStudy) {
  const { config, session } = useSmart();
  const me = useMe();
  const query = useSaved(study);
  const saved = query.data;
  const uid = uidOf(study) ?? "";
  const now = useSyncExternalStore(subscribe, () => version);
  const known = useMemo(() => (saved === undefined ? [] : measurementsOf(saved)), [saved]);
  // eslint-disable-next-line react-hooks/exhaustive-deps -- what is on the pictures is the library's, and `now` says when it changed
  const here = useMemo(() => measurementsOn(uid), [uid, now]);
  const save = useChange(["ImagingStudy"], async (fhir, picture: Picture) => {
    const { measurements } = measurementsOn(uid);
    const by = me?.name.replace(/[\^=\\]/g, " ");
    const all = whole(known, measurements, drawnSoFar(), by);
    const report = reportOf(all, { picture: picture.attributes, before: (saved ?? []).map((one) => one.report), by, at: new Date() });
    await store(fhir, `${config.dicomweb}/studies/${uid}`, report);
    return all.length;
  });
  return {
    query,
    saved: saved ?? [],
    known,
    onPlanes: here.onPlanes,
    isChanged: saved !== undefined && isChanged(known, here.measurements, drawnSoFar()),
    isAllowed: session.allows("ImagingStudy", "c"),
    save,
  };
}

/** Stores an instance by its JSON model: PS3.18 10.5. Raises FhirError, Unreachable, Refused. */
async function store(fhir: Fhir, address: string, report: Attributes): Promise<void> {
  const answer = await fhir.send(address, {
    method: "POST",
    body: [report],
    headers: { "Content-Type": "application/dicom+json", Accept: "application/dicom+json" },
    accept: [409],
  });
  const said = (await answer.json()) as Attributes;
  const [refused] = [...items(said, "00081198"), ...items(said, "0008119A")];
  if (refused !== undefined || answer.status === 409) throw new Refused((number(refused ?? {}, "00081197") ?? 0).toString(16));
}
