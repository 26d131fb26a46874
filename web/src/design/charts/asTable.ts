/* Whether charts show their numbers as a table instead: the place around them decides, for all of its charts at once. */
import { createContext, useContext } from "react";

export const AsTable = createContext(false);

export function useAsTable(): boolean {
  return useContext(AsTable);
}
