import { IconFileText, IconPhoto } from "@tabler/icons-react";
import { useEffect, useRef, useState } from "react";

import { useSmart } from "../../shared/smart/context.tsx";
import classes from "./studies.module.css";

/** A small picture of a study or a series, fetched when it comes into sight; what can't be drawn has a sign. */
export function Thumbnail({ path, label, isDocument = false }: { path?: string; label: string; isDocument?: boolean }) {
  const { config, fhir } = useSmart();
  const element = useRef<HTMLSpanElement>(null);
  const [source, setSource] = useState<string>();
  const address = path === undefined || isDocument ? undefined : `${config.dicomweb}/${path}/thumbnail`;

  useEffect(() => {
    if (address === undefined || element.current === null) return;
    let made: string | undefined;
    let isGone = false;
    const watch = new IntersectionObserver((seen) => {
      if (!seen.some((one) => one.isIntersecting)) return;
      watch.disconnect();
      void fhir.bytes(address, "image/jpeg").then(
        (blob) => {
          if (isGone) return;
          made = URL.createObjectURL(blob);
          setSource(made);
        },
        () => undefined,
      );
    }, { rootMargin: "200px" });
    watch.observe(element.current);
    return () => {
      isGone = true;
      watch.disconnect();
      if (made !== undefined) URL.revokeObjectURL(made);
    };
  }, [address, fhir]);

  const Sign = isDocument ? IconFileText : IconPhoto;
  return (
    <span ref={element} className={classes.thumbnail}>
      {source === undefined ? <Sign size={28} stroke={1.3} aria-hidden /> : <img src={source} alt="" />}
      <span className={classes.modality}>{label}</span>
    </span>
  );
}
