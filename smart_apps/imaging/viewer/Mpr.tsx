import { Enums, eventTarget, setVolumesForViewports, volumeLoader, type RenderingEngine } from "@cornerstonejs/core";
import { useEffect, useRef, useState } from "react";

import { useTexts } from "../../shared/i18n/i18n.ts";
import { cornersOf } from "./overlay.ts";
import type { Stack } from "./stacks.ts";
import { equip, unequip } from "./tools.ts";
import classes from "./viewer.module.css";

const PLANES = ["axial", "sagittal", "coronal"] as const;
const ORIENTATIONS = { axial: Enums.OrientationAxis.AXIAL, sagittal: Enums.OrientationAxis.SAGITTAL, coronal: Enums.OrientationAxis.CORONAL };

/** All slices of a volume are there: from the cache at once, without an event. */
function isLoaded(volume: object): boolean {
  return (volume as { loadStatus?: { loaded?: boolean } }).loadStatus?.loaded === true;
}

/** The volume of a stack, cut in three planes. */
export default function Mpr({ engine, stack }: { engine: RenderingEngine; stack: Stack }) {
  const { t } = useTexts();
  const elements = useRef<(HTMLDivElement | null)[]>([]);
  const [error, setError] = useState<string>();
  const [isWhole, setWhole] = useState(false);
  const { patient, study } = cornersOf(stack.attributes);

  useEffect(() => {
    let isGone = false;
    const id = `cornerstoneStreamingImageVolume:${stack.key}`;
    const ids = PLANES.map((plane) => `mpr-${plane}`);
    PLANES.forEach((plane, n) => {
      const element = elements.current[n];
      if (element == null) return;
      engine.enableElement({ viewportId: ids[n] ?? "", type: Enums.ViewportType.ORTHOGRAPHIC, element, defaultOptions: { orientation: ORIENTATIONS[plane], background: [0, 0, 0] } });
      equip(ids[n] ?? "", engine.id, "volume");
    });
    const resized = new ResizeObserver(() => engine.resize(true, true));
    for (const element of elements.current) if (element !== null) resized.observe(element);
    const noMenu = (event: Event) => event.preventDefault();
    const shown = elements.current.filter((element) => element !== null);
    for (const element of shown) element.addEventListener("contextmenu", noMenu);
    const build = async () => {
      const volume = await volumeLoader.createAndCacheVolume(id, { imageIds: stack.pictures.map((one) => one.id) });
      if (isGone) return;
      volume.load();
      await setVolumesForViewports(engine, [{ volumeId: id }], ids);
      engine.renderViewports(ids);
      if (isLoaded(volume)) setWhole(true);
    };
    const whole = ({ detail }: Event & { detail: { volumeId?: string } }) => {
      if (detail.volumeId === id) setWhole(true);
    };
    eventTarget.addEventListener(Enums.Events.IMAGE_VOLUME_LOADING_COMPLETED, whole);
    build().catch((failure: unknown) => {
      if (!isGone) setError(failure instanceof Error ? failure.message : String(failure));
    });
    return () => {
      isGone = true;
      eventTarget.removeEventListener(Enums.Events.IMAGE_VOLUME_LOADING_COMPLETED, whole);
      resized.disconnect();
      for (const element of shown) element.removeEventListener("contextmenu", noMenu);
      for (const id of ids) {
        unequip(id, engine.id);
        engine.disableElement(id);
      }
    };
  }, [engine, stack]);

  return (
    <div className={classes.planes} role="group" aria-label={t("mpr.title")}>
      {PLANES.map((plane, n) => (
        <div key={plane} className={classes.pane}>
          <div ref={(element) => { elements.current[n] = element; }} className={classes.canvas} data-testid={`mpr-${plane}`} />
          <div className={classes.overlay}>
            <div className={classes.topLeft}><strong>{patient.name ?? t("unnamed")}</strong><div>{t("born")} {patient.born ?? t("notKnown")}</div><div>{patient.id}</div></div>
            <div className={classes.topRight}><strong>{t(`mpr.${plane}`)}</strong><div>{study.when}</div></div>
          </div>
        </div>
      ))}
      {error !== undefined && <div className={classes.message} role="alert">{t("mpr.failed", { reason: error })}</div>}
      {error === undefined && !isWhole && <div className={classes.busy} role="status">{t("mpr.loading", { count: stack.pictures.length })}</div>}
    </div>
  );
}
