import { useQueryClient } from "@tanstack/react-query";
import { Suspense, useEffect, useState } from "react";

import { part } from "../parts/part.tsx";
import { useSmart } from "../smart/context.tsx";

const SignInAgain = part(() => import("./SignInAgain.tsx"));

/** The sign-in has ended: asks for a new one above the page, which stays as it is. */
export function SignedOutNotice() {
  const { session } = useSmart();
  const queries = useQueryClient();
  const [isOut, setOut] = useState(false);
  useEffect(
    () =>
      session.onChange((isSignedIn) => {
        setOut(!isSignedIn);
        if (isSignedIn) void queries.invalidateQueries();
      }),
    [queries, session],
  );
  return isOut ? <Suspense><SignInAgain /></Suspense> : null;
}
