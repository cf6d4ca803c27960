import { Menu, Popover, Slider, Text } from "@mantine/core";
import {
  IconAngle, IconArrowsMove, IconArrowsVertical, IconColumns2, IconContrast, IconContrast2, IconCube, IconDots, IconEraser, IconFileText, IconFlipHorizontal,
  IconFlipVertical, IconLayoutColumns, IconLink, IconLinkOff, IconOvalVertical, IconPlayerPause, IconPlayerPlay, IconPointer, IconRefresh, IconRotateClockwise2, IconRulerMeasure,
  IconSun, IconZoomIn,
} from "@tabler/icons-react";
import type { ImagingStudy } from "fhir/r4";
import { useSyncExternalStore, type ComponentType } from "react";

import { day } from "../../shared/format/dates.ts";
import { useTexts } from "../../shared/i18n/i18n.ts";
import { SaveMeasurements } from "../measurements/SaveMeasurements.tsx";
import { modalitiesOf, priorOf, titleOf } from "../studies/studies.ts";
import { KeyImageButton } from "./KeyImageButton.tsx";
import { presetsOf } from "./presets.ts";
import type { StackView, ViewState } from "./StackView.ts";
import { clearMeasurements, type Tool } from "./tools.ts";
import { ToolButton } from "./ToolButton.tsx";
import classes from "./viewer.module.css";

type Icon = ComponentType<{ size?: number; stroke?: number }>;
const TOOL_ICONS: Record<Exclude<Tool, "crosshairs">, Icon> = {
  scroll: IconArrowsVertical, window: IconSun, zoom: IconZoomIn, pan: IconArrowsMove, length: IconRulerMeasure, angle: IconAngle, ellipse: IconOvalVertical,
  probe: IconPointer,
};
const FPS = [1, 60] as const;

interface Given {
  tool: Tool;
  onTool: (tool: Tool) => void;
  view: StackView | undefined;
  study: ImagingStudy;
  priors: readonly ImagingStudy[];
  beside: ImagingStudy | undefined;
  onCompare: (id: string | undefined) => void;
  isLinked: boolean;
  /** Where there are two to be linked. */
  onLink: ((isLinked: boolean) => void) | undefined;
  hasPanel: boolean;
  onPanel: (isOpen: boolean) => void;
  isMpr: boolean;
  onMpr: (isOn: boolean) => void;
  /** The active pane shows this study, not the one beside it. */
  isOwn: boolean;
  /** Both breasts hang side by side. */
  hasBreasts: boolean;
  /** Where there are mammograms of both. */
  onBreasts: ((isOn: boolean) => void) | undefined;
}

/** What can be done with the picture; on a phone the bar goes sideways. */
export function Toolbar({ tool, onTool, view, study, priors, beside, onCompare, isLinked, onLink, hasPanel, onPanel, isMpr, onMpr, isOwn, hasBreasts, onBreasts }: Given) {
  const { t } = useTexts();
  const state = useSyncExternalStore<ViewState | undefined>(view?.listen ?? never, () => view?.state);
  const stack = state?.stack;
  const hasPictures = stack !== undefined;
  const presets = presetsOf(stack?.modality ?? "");
  const count = stack?.pictures.length ?? 0;
  const shownStudy = isOwn ? study : (beside ?? study);
  return (
    <div className={classes.toolbar} role="toolbar" aria-label={t("tools")}>
      <ToolButton icon={IconFileText} label={t("report.open")} pressed={hasPanel} onClick={() => onPanel(!hasPanel)} />
      <Compare study={study} priors={priors} beside={beside} onCompare={onCompare} />
      {onBreasts !== undefined && beside === undefined && <ToolButton icon={IconLayoutColumns} label={t("breasts")} pressed={hasBreasts} onClick={() => onBreasts(!hasBreasts)} />}
      {onLink !== undefined && <ToolButton icon={isLinked ? IconLink : IconLinkOff} label={t("link")} pressed={isLinked} onClick={() => onLink(!isLinked)} />}
      <span className={classes.rule} />
      {(Object.keys(TOOL_ICONS) as (keyof typeof TOOL_ICONS)[]).map((one) => (
        <ToolButton key={one} icon={TOOL_ICONS[one]} label={t(`tool.${one}`)} pressed={tool === one} disabled={!hasPictures || (isMpr && one === "probe")} onClick={() => onTool(one)} />
      ))}
      <ToolButton icon={IconEraser} label={t("clearMeasurements")} disabled={!hasPictures} onClick={() => { clearMeasurements(); view?.redraw(); }} />
      <SaveMeasurements key={shownStudy.id} study={shownStudy} picture={isMpr ? undefined : stack?.pictures[state?.index ?? 0]} />
      <span className={classes.rule} />
      {presets.length > 0 && (
        <Menu position="bottom-start" withinPortal>
          <Menu.Target><ToolButton icon={IconContrast} label={t("presets")} disabled={!hasPictures || isMpr} /></Menu.Target>
          <Menu.Dropdown>
            {presets.map((preset) => (
              <Menu.Item key={preset.key} onClick={() => view?.setWindow(preset.centre, preset.width)}>
                {t(`preset.${preset.key}`)} <Text span c="dimmed" size="sm">{preset.centre} / {preset.width}</Text>
              </Menu.Item>
            ))}
          </Menu.Dropdown>
        </Menu>
      )}
      <ToolButton icon={IconContrast2} label={t("invert")} pressed={state?.isInverted === true} disabled={!hasPictures || isMpr} onClick={() => view?.invert()} />
      <ToolButton icon={IconRefresh} label={t("reset")} disabled={!hasPictures || isMpr} onClick={() => view?.reset()} />
      <Menu position="bottom-start" withinPortal>
        <Menu.Target><ToolButton icon={IconDots} label={t("turn")} disabled={!hasPictures || isMpr} /></Menu.Target>
        <Menu.Dropdown>
          <Menu.Item leftSection={<IconRotateClockwise2 size={18} aria-hidden />} onClick={() => view?.rotate()}>{t("rotate")}</Menu.Item>
          <Menu.Item leftSection={<IconFlipHorizontal size={18} aria-hidden />} onClick={() => view?.flip("horizontal")}>{t("flipHorizontal")}</Menu.Item>
          <Menu.Item leftSection={<IconFlipVertical size={18} aria-hidden />} onClick={() => view?.flip("vertical")}>{t("flipVertical")}</Menu.Item>
        </Menu.Dropdown>
      </Menu>
      {count > 1 && state !== undefined && <Cine view={view} state={state} isDisabled={isMpr} />}
      {stack?.isVolume === true && <ToolButton icon={IconCube} label={t("mpr.open")} pressed={isMpr} onClick={() => onMpr(!isMpr)} />}
      {isOwn && hasPictures && !isMpr && <KeyImageButton study={study} picture={stack.pictures[state?.index ?? 0]} />}
    </div>
  );
}

const never = () => () => undefined;

function Cine({ view, state, isDisabled }: { view: StackView | undefined; state: ViewState; isDisabled: boolean }) {
  const { t } = useTexts();
  return (
    <>
      <ToolButton icon={state.isPlaying ? IconPlayerPause : IconPlayerPlay} label={state.isPlaying ? t("pause") : t("play")} disabled={isDisabled} onClick={() => (state.isPlaying ? view?.pause() : view?.play())} />
      {state.isPlaying && (
        <Popover position="bottom" withinPortal>
          <Popover.Target><button type="button" className={classes.fps} aria-label={t("fpsChange")}>{t("fps", { n: state.fps })}</button></Popover.Target>
          <Popover.Dropdown w={260}>
            <Slider min={FPS[0]} max={FPS[1]} value={state.fps} onChange={(fps) => view?.play(fps)} label={(fps) => t("fps", { n: fps })} thumbLabel={t("fpsChange")} />
          </Popover.Dropdown>
        </Popover>
      )}
    </>
  );
}

function Compare({ study, priors, beside, onCompare }: { study: ImagingStudy; priors: readonly ImagingStudy[]; beside: ImagingStudy | undefined; onCompare: (id: string | undefined) => void }) {
  const { t } = useTexts();
  if (beside !== undefined) return <ToolButton icon={IconColumns2} label={t("compareEnd")} pressed onClick={() => onCompare(undefined)} />;
  if (priors.length === 0) return <ToolButton icon={IconColumns2} label={t("compareNone")} disabled />;
  const best = priorOf(study, priors);
  const sorted = best === undefined ? priors : [best, ...priors.filter((one) => one !== best)];
  return (
    <Menu position="bottom-start" withinPortal>
      <Menu.Target><ToolButton icon={IconColumns2} label={t("compare")} /></Menu.Target>
      <Menu.Dropdown mah={420} style={{ overflowY: "auto" }}>
        <Menu.Label>{t("compareWith")}</Menu.Label>
        {sorted.map((one) => (
          <Menu.Item key={one.id} onClick={() => onCompare(one.id)}>
            <Text span fw={600}>{modalitiesOf(one).join(" ")}</Text> {one.started === undefined ? t("undated") : day(one.started)} · {titleOf(one) ?? t("untitled")}
          </Menu.Item>
        ))}
      </Menu.Dropdown>
    </Menu>
  );
}
