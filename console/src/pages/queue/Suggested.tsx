import { useQuery } from "@connectrpc/connect-query";
import { useId } from "react";
import type { JobField } from "../../../../gen/ltb/v1/job_pb.ts";
import { JobService } from "../../../../gen/ltb/v1/job_service_pb.ts";
import { cutText } from "../../../../src/text.ts";

interface Props {
  label: string;
  field: JobField;
  value: string;
  onChange: (value: string) => void;
}

/** A text that is typed, with those that jobs have as suggestions. */
export function Suggested({ label, field, value, onChange }: Props) {
  const list = useId();
  const known = useQuery(
    JobService.method.listJobFieldValues,
    { field, prefix: cutText(value, 255), limit: 20 },
    { staleTime: 30_000, placeholderData: (before) => before },
  );
  return (
    <label>
      {label}
      <input
        value={value}
        maxLength={255}
        list={list}
        autoComplete="off"
        onChange={({ target }) => onChange(target.value)}
      />
      <datalist id={list}>
        {known.data?.values.map((each) => (
          <option key={each} value={each} />
        ))}
      </datalist>
    </label>
  );
}
