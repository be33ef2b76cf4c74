import { useQuery } from "@connectrpc/connect-query";
import { UserService } from "../../../gen/ltb/v1/user_service_pb.ts";
import { useMay, useSession } from "../data/session.ts";
import { ShortId } from "./ShortId.tsx";

/** Who a user is: by name where the reader may see it, else by id. */
export function UserName({ id }: { id: string }) {
  const own = useSession().data?.user;
  const mayAsk = useMay("admin") && id !== own?.id;
  const asked = useQuery(
    UserService.method.getUser,
    { key: { case: "id", value: id } },
    { enabled: mayAsk, staleTime: 300_000 },
  );
  const name = id === own?.id ? own.username : asked.data?.user?.username;
  return name === undefined ? <ShortId id={id} /> : <bdi title={id}>{name}</bdi>;
}
