import { IconListDetails } from "@tabler/icons-react";

import type { Place } from "../shared/frame/navigation.ts";

export const PLACES: readonly Place[] = [{ path: "", label: "worklist.title", icon: IconListDetails, key: "w" }];
