import {
  IconActivityHeartbeat, IconApps, IconBed, IconCalendar, IconChartBar, IconClipboardHeart, IconFiles,
  IconHome, IconInbox, IconMessages, IconPhotoScan, IconPill, IconPlugConnected, IconSettings, IconUserHeart,
} from "@tabler/icons-react";

/** The icons that app.json may name. */
export const ICONS = {
  "activity-heartbeat": IconActivityHeartbeat,
  apps: IconApps,
  bed: IconBed,
  calendar: IconCalendar,
  "chart-bar": IconChartBar,
  "clipboard-heart": IconClipboardHeart,
  files: IconFiles,
  home: IconHome,
  inbox: IconInbox,
  messages: IconMessages,
  "photo-scan": IconPhotoScan,
  pill: IconPill,
  "plug-connected": IconPlugConnected,
  settings: IconSettings,
  "user-heart": IconUserHeart,
} as const;

export function iconOf(name: string) {
  return name in ICONS ? ICONS[name as keyof typeof ICONS] : IconApps;
}
