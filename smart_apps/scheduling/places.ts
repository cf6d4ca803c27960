import { IconCalendar, IconCalendarPlus, IconChecklist, IconClockHour4, IconHourglass } from "@tabler/icons-react";

import type { Place } from "../shared/frame/navigation.ts";

/** Of staff. */
export const PLACES: Place[] = [
  { path: "", label: "calendar", icon: IconCalendar, key: "c" },
  { path: "waiting", label: "waitingList", icon: IconHourglass, key: "w" },
  { path: "orders", label: "ordersPlace", icon: IconChecklist, key: "o", needs: ["ServiceRequest", "s"], roles: ["reception"] },
  { path: "hours", label: "hours", icon: IconClockHour4, key: "h" },
];

/** Of patients. */
export const OWN_PLACES: Place[] = [
  { path: "", label: "myAppointments", icon: IconCalendar },
  { path: "book", label: "bookOwn", icon: IconCalendarPlus },
];
