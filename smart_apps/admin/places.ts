import { IconAlertOctagon, IconApps, IconEye, IconGavel, IconHistory, IconServer, IconUsers, IconUsersGroup } from "@tabler/icons-react";

import type { Place } from "../shared/frame/navigation.ts";

/** Those who see what was done with records, and why. */
export const OFFICERS = ["auditor", "privacy-officer"] as const;
/** Those who change accounts, apps and keys. */
export const ADMINISTRATORS = ["admin"] as const;

export const PLACES: Place[] = [
  { path: "reviews", label: "reviews", icon: IconAlertOctagon, key: "r", roles: OFFICERS },
  { path: "trail", label: "trail", icon: IconHistory, key: "a" },
  { path: "explain", label: "explain", icon: IconEye, key: "w", roles: OFFICERS },
  { path: "users", label: "users", icon: IconUsers, key: "u" },
  { path: "teams", label: "teams", icon: IconUsersGroup, key: "t", roles: ADMINISTRATORS },
  { path: "policies", label: "policies", icon: IconGavel, key: "p" },
  { path: "clients", label: "clients", icon: IconApps, key: "c" },
  { path: "server", label: "server", icon: IconServer, key: "s" },
];
