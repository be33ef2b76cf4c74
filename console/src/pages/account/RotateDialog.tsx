import { useMutation } from "@connectrpc/connect-query";
import { useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import type { ApiKey } from "../../../../gen/ltb/v1/user_pb.ts";
import { UserService } from "../../../../gen/ltb/v1/user_service_pb.ts";
import { Confirm } from "../../parts/Confirm.tsx";
import { SpanChoice } from "../../parts/SpanChoice.tsx";

const hour = 3_600;
/** For so many seconds the old key may stay good. */
const overlaps = [
  [0, "no longer"],
  [hour, "for an hour"],
  [24 * hour, "for a day"],
  [7 * 24 * hour, "for a week"],
  [30 * 24 * hour, "for 30 days"],
] as const;

interface Props {
  apiKey: ApiKey;
  onMade: (secret: string) => void;
  onClose: () => void;
}

/** Replaces a key by a new one that may do the same. */
export function RotateDialog({ apiKey: { id, name, prefix }, onMade, onClose }: Props) {
  const client = useQueryClient();
  const rotate = useMutation(UserService.method.rotateApiKey);
  const [overlap, setOverlap] = useState(24 * hour);
  const replace = async () => {
    const { secret } = await rotate.mutateAsync({ id, overlap: { seconds: BigInt(overlap) } });
    onMade(secret);
    await client.invalidateQueries();
  };
  return (
    <Confirm title={`Replace ${name || prefix}?`} action="Replace" onConfirm={replace} onClose={onClose}>
      <p>A new key with the same name, scopes and expiry takes its place.</p>
      <SpanChoice label="The old key stays good" spans={overlaps} value={overlap} onChange={setOverlap} />
    </Confirm>
  );
}
