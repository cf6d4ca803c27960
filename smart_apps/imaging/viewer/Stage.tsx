import { useMediaQuery } from "@mantine/hooks";
import type { ImagingStudy } from "fhir/r4";
import { Suspense, useEffect, useMemo, useState } from "react";
import { useSearchParams } from "wouter";

import { resourcesOf } from "../../shared/fhir/bundle.ts";
import { useSearch } from "../../shared/fhir/queries.ts";
import { usePatientBatch } from "../../shared/frame/PatientBanner.tsx";
import { part } from "../../shared/parts/part.tsx";
import { useSmart } from "../../shared/smart/context.tsx";
import { Loading } from "../../shared/states/Loaded.tsx";
import { forgetDrawn } from "../measurements/annotations.ts";
import { patientOf, priorsOf } from "../studies/studies.ts";
import { startEngine } from "./engine.ts";
import { useBreasts } from "./mammograms.ts";
import { Pane, type Shown } from "./Pane.tsx";
import { SeriesStrip } from "./SeriesStrip.tsx";
import { SidePanel } from "./SidePanel.tsx";
import type { StackView } from "./StackView.ts";
import { Toolbar } from "./Toolbar.tsx";
import { choose, clearMeasurements, type Tool } from "./tools.ts";
import { useLinked } from "./useLinked.ts";
import { seriesOf } from "./useStacks.ts";
import classes from "./viewer.module.css";

const Mpr = part(() => import("./Mpr.tsx"));
const WIDE = "(min-width: 75em)";

/** The pictures of a study; with another one of the patient beside it. */
export default function Stage({ study }: { study: ImagingStudy }) {
  const smart = useSmart();
  const engine = useMemo(() => startEngine(smart.session), [smart.session]);
  const patientId = patientOf(study);
  const { patient } = usePatientBatch(patientId);
  const others = useSearch<ImagingStudy>("ImagingStudy", patientId === undefined ? undefined : { patient: patientId, _sort: "-started", _count: 50 });
  const priors = priorsOf(study, resourcesOf<ImagingStudy>(others.data, "ImagingStudy"));
  const [parameters, setParameters] = useSearchParams();
  const beside = priors.find((one) => one.id === parameters.get("with"));

  const first = seriesOf(study)[0]?.uid;
  const [shown, setShown] = useState<(Shown | undefined)[]>([{ series: first, stack: 0, index: 0 }, undefined]);
  const [views, setViews] = useState<(StackView | undefined)[]>([undefined, undefined]);
  const [active, setActive] = useState(0);
  const isTouch = useMediaQuery("(pointer: coarse)");
  const [tool, setTool] = useState<Tool>();
  const [isLinked, setLinked] = useState(true);
  const isWide = useMediaQuery(WIDE, undefined, { getInitialValueInEffect: false });
  const [hasPanel, setPanel] = useState(isWide || parameters.has("write"));
  const [isMpr, setMpr] = useState(false);
  const { isPending, breasts } = useBreasts(study);
  const [wantsBreasts, setBreasts] = useState(isWide);
  // Read from the middle: the right breast on the left, as if she stood before us.
  const hung = wantsBreasts && beside === undefined && breasts !== undefined ? [breasts.right, breasts.left] : undefined;
  const current = tool ?? (isTouch ? "scroll" : "window");

  useEffect(() => choose(tool ?? "window", current), [tool, current]);
  useEffect(() => () => { clearMeasurements(); forgetDrawn(); }, [study.id]);
  const isDouble = beside !== undefined || hung !== undefined;
  useLinked(views, isLinked && isDouble && !isMpr, active);

  const panes = beside !== undefined ? [study, beside] : hung !== undefined ? [study, study] : [study];
  const besideFirst = beside === undefined ? undefined : seriesOf(beside)[0]?.uid;
  const shownIn = (pane: number): Shown => shown[pane] ?? { series: besideFirst, stack: 0, index: 0 };
  const show = (pane: number, what: Shown) => {
    setMpr(false);
    setBreasts(false);
    setShown((before) => before.map((one, n) => (n === (hung === undefined ? pane : 0) ? what : one)));
  };
  const at = Math.min(active, panes.length - 1);
  const activeStudy = panes[at] ?? study;
  const compare = (id: string | undefined) => {
    setShown(([one]) => [one, undefined]);
    setActive(0);
    setMpr(false);
    setParameters((before) => {
      const after = new URLSearchParams(before);
      if (id === undefined) after.delete("with");
      else after.set("with", id);
      return after;
    }, { replace: true });
  };
  /** Opens a picture of the study, where it is shown. */
  const open = (series: string, instance: string, frame: number) => {
    setActive(0);
    show(0, { series, stack: 0, index: 0, find: { instance, frame } });
  };

  return (
    <div className={classes.viewer} data-panel={hasPanel}>
      <Toolbar
        tool={current} onTool={setTool} view={views[at]} priors={priors} study={study} beside={beside} onCompare={compare}
        isLinked={isLinked} onLink={isDouble ? setLinked : undefined} hasPanel={hasPanel} onPanel={setPanel} isMpr={isMpr} onMpr={setMpr}
        isOwn={hung !== undefined || at === 0} hasBreasts={hung !== undefined} onBreasts={breasts === undefined ? undefined : setBreasts}
      />
      <SeriesStrip study={activeStudy} shown={shownIn(at).series} onShow={(series) => show(at, { series, stack: 0, index: 0 })} />
      <div className={classes.panes} data-count={panes.length} hidden={isMpr}>
        {isPending && wantsBreasts ? <Loading /> : panes.map((one, pane) => (
          <Pane
            key={`${pane} ${one.id ?? ""}`} engine={engine} name={`pane-${pane}`} study={one} shown={shownIn(pane)} hung={hung?.[pane]} patient={patient}
            isActive={at === pane} isOne={panes.length === 1} isPrior={beside !== undefined && pane > 0}
            onActive={() => setActive(pane)} onShow={(what) => show(pane, what)}
            onView={(view) => setViews((before) => before.map((was, n) => (n === pane ? view : was)))}
          />
        ))}
      </div>
      {isMpr && views[at]?.state.stack !== undefined && (
        <Suspense fallback={<Loading />}><Mpr engine={engine} stack={views[at].state.stack} /></Suspense>
      )}
      {hasPanel && <SidePanel study={study} isWide={isWide} onClose={() => setPanel(false)} onOpen={open} />}
    </div>
  );
}
