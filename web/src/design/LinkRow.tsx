/* A row of a table that leads to a page wherever it is pressed; its first cell holds the link, for the keyboard. */
import type { ReactNode } from "react";
import { Link, useNavigate } from "react-router";
import { strong } from "./page";

export function LinkRow({ to, title, before, children }: { to: string; title: string; before?: ReactNode; children: ReactNode }) {
  const navigate = useNavigate();
  return (
    <tr data-link onClick={() => void navigate(to)}>
      {before}
      <td>
        <Link className={strong} to={to} onClick={(event) => event.stopPropagation()}>
          {title}
        </Link>
      </td>
      {children}
    </tr>
  );
}
