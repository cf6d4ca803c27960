import { Alert, Anchor, Button, Chip, Group, Stack, Text, Title } from "@mantine/core";
import { IconAlertTriangle, IconClipboardList, IconDoorEnter, IconFile, IconFlask, IconHeartbeat, IconNotes, IconPhotoScan, IconPill, IconScissors, IconStethoscope, IconVaccine } from "@tabler/icons-react";
import { useInfiniteQuery, useQueryClient } from "@tanstack/react-query";
import { useEffect, useRef } from "react";
import { Link, useSearchParams } from "wouter";

import { level } from "../../shared/format/quantities.ts";
import { words } from "../../shared/format/codes.ts";
import { day, time } from "../../shared/format/dates.ts";
import { Value } from "../../shared/format/Value.tsx";
import { useTexts } from "../../shared/i18n/i18n.ts";
import { useLive } from "../../shared/live/LiveUpdates.tsx";
import { useSmart } from "../../shared/smart/context.tsx";
import { Empty } from "../../shared/states/Empty.tsx";
import { Failed } from "../../shared/states/Failed.tsx";
import { Loading } from "../../shared/states/Loaded.tsx";
import { KINDS, type Event, type Kind } from "./streams.ts";
import classes from "./timeline.module.css";
import { byDay, eventsOf, firstAsked, missingKinds, nextAsked, pageOf, type Asked, type Page } from "./timeline.ts";

const ICONS: Record<Kind, typeof IconFlask> = {
  encounter: IconDoorEnter, result: IconFlask, note: IconNotes, medication: IconPill, procedure: IconScissors, vital: IconHeartbeat, order: IconClipboardList, document: IconFile, image: IconPhotoScan, immunization: IconVaccine,
  problem: IconStethoscope, alert: IconAlertTriangle,
};
/** A change of one of these is read at once, as long as nobody has scrolled further back. */
const ABOUT = ["Encounter", "DiagnosticReport", "Observation", "DocumentReference", "MedicationRequest", "Procedure", "Immunization", "ImagingStudy", "Condition", "AllergyIntolerance", "Task", "Flag", "ServiceRequest"];
const GATHER_MS = 1_000;
const MOST_VALUES = 4;
/** A round of vital signs. */
const MOST_SIGNS = 12;
/** So far below the screen the next page is asked for. */
const AHEAD = "600px";

/** Everything of a patient by time, the newest first; a request for each page, however many kinds it shows. */
export default function Timeline({ patient }: { patient: string }) {
  const { t } = useTexts();
  const { fhir, key } = useSmart();
  const [parameters, setParameters] = useSearchParams();
  const kinds = (parameters.get("kinds") ?? "").split(",").filter((kind): kind is Kind => (KINDS as readonly string[]).includes(kind));
  const queries = useQueryClient();
  const queryKey = key([], "timeline", patient, kinds.toSorted().join(","));
  const query = useInfiniteQuery({
    queryKey,
    queryFn: async ({ pageParam }) => pageOf(pageParam, await fhir.batch(pageParam.map(([, url]) => url)), fhir.base),
    initialPageParam: firstAsked(patient, kinds),
    getNextPageParam: (_: Page, pages): Asked | undefined => nextAsked(pages),
    staleTime: Infinity,
    refetchOnWindowFocus: false,
  });
  const pages = query.data?.pages ?? [];
  const days = byDay(eventsOf(pages, kinds, t), day);
  const missing = missingKinds(pages);
  const { hasNextPage, isFetching, fetchNextPage, isFetchNextPageError } = query;
  useNews(pages.length === 1, () => void query.refetch());
  const end = useEnd(hasNextPage && !isFetching && !isFetchNextPageError, pages.length, () => void fetchNextPage());
  return (
    <Stack gap="sm" maw={960}>
      <Group justify="space-between">
        <Title order={2}>{t("timeline")}</Title>
        {query.dataUpdatedAt > 0 && <Group gap="xs" className="fs-noprint"><Text size="xs" c="dimmed">{t("asOf", { time: time(new Date(query.dataUpdatedAt)) })}</Text><Button size="compact-sm" variant="subtle" loading={query.isRefetching && !query.isFetchingNextPage} onClick={() => void queries.resetQueries({ queryKey })}>{t("readAgain")}</Button></Group>}
      </Group>
      <Chip.Group multiple value={kinds} onChange={(chosen) => setParameters(chosen.length === 0 ? {} : { kinds: chosen.join(",") }, { replace: true })}>
        <Group gap={6} role="group" aria-label={t("timelineKinds")} className="fs-noprint">
          {KINDS.map((kind) => <Chip key={kind} value={kind} size="xs" variant="outline">{t(`timelineKind.${kind}`)}</Chip>)}
        </Group>
      </Chip.Group>
      <Text size="sm" c="dimmed">{t("timelineHint")}</Text>
      {missing.length > 0 && <Alert color="yellow" role="status" icon={<IconAlertTriangle aria-hidden />}>{t("timelineMissing", { what: missing.map((kind) => t(`timelineKind.${kind}`)).join(", ") })}</Alert>}
      {query.isError && <Failed error={query.error} retry={() => void (pages.length === 0 ? query.refetch() : fetchNextPage())} />}
      {query.isPending && <Loading lines={12} />}
      {days.map(({ day: title, events }) => (
        <section key={title} aria-label={title === "" ? t("timelineNoDate") : title}>
          <Title order={3} size="h4" className={classes.day}>{title === "" ? t("timelineNoDate") : title}</Title>
          <ol className={classes.events}>{events.map((event) => <Line key={event.id} patient={patient} event={event} />)}</ol>
        </section>
      ))}
      {query.isSuccess && !hasNextPage && (days.length === 0 ? <Empty title={t("timelineEmpty")} /> : <Text size="sm" c="dimmed">{t("timelineEnd")}</Text>)}
      {hasNextPage && <div ref={end}><Button variant="default" loading={query.isFetchingNextPage} onClick={() => void fetchNextPage()}>{t("older")}</Button></div>}
    </Stack>
  );
}

function Line({ patient, event }: { patient: string; event: Event }) {
  const { t } = useTexts();
  const Icon = ICONS[event.kind];
  const values = event.values ?? [];
  const isAbnormal = values.some((one) => !["N", undefined].includes(level(one)));
  const shown = event.kind === "vital" ? values.slice(0, MOST_SIGNS) : isAbnormal || event.id.startsWith("Observation/") ? values.filter((one) => !isAbnormal || !["N", undefined].includes(level(one))).slice(0, MOST_VALUES) : [];
  return (
    <li className={classes.event}>
      <span className={classes.time}>{time(event.at)}</span>
      <Icon size={16} aria-hidden className={classes.icon} data-urgent={event.isUrgent === true || undefined} />
      <div>
        <span className="fs-hidden">{t(`timelineKind.${event.kind}`)}: </span>
        {event.verb !== undefined && `${t(event.verb)} `}
        <Anchor component={Link} href={`/patients/${patient}${event.page === "" ? "" : `/${event.page}`}`} fw={event.isUrgent === true ? 700 : 500}><bdi>{event.isError === true ? <del>{event.text || t("notKnown")}</del> : event.text || t("notKnown")}</bdi></Anchor>{" "}
        {event.more !== "" && <bdi className="fs-unit">{event.more}</bdi>}
        {shown.length > 0 && (
          <div className={classes.values}>
            {shown.map((one) => <span key={one.id}>{words(one.code)} <Value of={one} /></span>)}
            {values.length > shown.length && isAbnormal && event.kind !== "vital" && <span className="fs-unit">{t("timelineOthers", { n: values.length - shown.length })}</span>}
          </div>
        )}
      </div>
    </li>
  );
}

/** Calls when something has changed that may be shown; changes of a second are one. */
function useNews(isWanted: boolean, read: () => void) {
  const { hear } = useLive();
  const latest = useRef(read);
  useEffect(() => {
    latest.current = read;
  });
  useEffect(() => {
    if (!isWanted) return;
    let timer: ReturnType<typeof setTimeout> | undefined;
    const end = hear((change) => {
      if (ABOUT.includes(change.type)) timer ??= setTimeout(() => { timer = undefined; latest.current(); }, GATHER_MS);
    });
    return () => {
      clearTimeout(timer);
      end();
    };
  }, [hear, isWanted]);
}

/** Calls when the end comes near while there is more; anew after each page, as a short one leaves the end in sight. */
function useEnd(isOpen: boolean, pages: number, more: () => void) {
  const end = useRef<HTMLDivElement>(null);
  const latest = useRef(more);
  useEffect(() => {
    latest.current = more;
  });
  useEffect(() => {
    const { current } = end;
    if (!isOpen || current === null) return;
    const observer = new IntersectionObserver((entries) => {
      if (entries.some((entry) => entry.isIntersecting)) latest.current();
    }, { rootMargin: AHEAD });
    observer.observe(current);
    return () => observer.disconnect();
  }, [isOpen, pages]);
  return end;
}
