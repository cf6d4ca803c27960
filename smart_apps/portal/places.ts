import { IconDownload, IconEye, IconHome, IconReportMedical, IconShieldCheck, IconTestPipe } from "@tabler/icons-react";

import type { Place } from "../shared/frame/navigation.ts";

export const PLACES: Place[] = [
  { path: "", label: "overview", icon: IconHome, key: "o" },
  { path: "results", label: "results", icon: IconTestPipe, key: "r", needs: ["Observation", "s"] },
  { path: "health", label: "health", icon: IconReportMedical, key: "h", needs: ["Condition", "s"] },
  { path: "seen", label: "seen", icon: IconEye, key: "w" },
  { path: "consents", label: "consents", icon: IconShieldCheck, key: "c", needs: ["Consent", "s"] },
  { path: "download", label: "download", icon: IconDownload, key: "d" },
];
