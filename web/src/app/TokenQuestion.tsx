/* Asks for the server's token once the server has refused for want of it; the cookie goes to this server only. */
import { useEffect, useState } from "react";
import { NEEDS_TOKEN } from "../api/client";
import { Button, Field, Input } from "../design/controls";
import { Dialog } from "../design/Dialog";
import css from "./Shell.module.css";

const YEAR_S = 365 * 24 * 3600;

export function TokenQuestion() {
  const [open, setOpen] = useState(false);
  const [token, setToken] = useState("");
  useEffect(() => {
    const ask = () => setOpen(true);
    window.addEventListener(NEEDS_TOKEN, ask);
    return () => window.removeEventListener(NEEDS_TOKEN, ask);
  }, []);
  const keep = () => {
    const secure = location.protocol === "https:" ? "; Secure" : "";
    document.cookie = `relens_token=${encodeURIComponent(token.trim())}; Path=/; Max-Age=${YEAR_S}; SameSite=Strict${secure}`;
    location.reload();
  };
  return (
    <Dialog
      open={open}
      onClose={() => setOpen(false)}
      title="This server asks for its token"
      lead="Whoever started it set RELENS_TOKEN; ask them for it. It is kept in this browser."
    >
      <form
        className={css.question}
        onSubmit={(event) => {
          event.preventDefault();
          keep();
        }}
      >
        <Field label="Token">
          <Input type="password" autoFocus autoComplete="current-password" value={token} onChange={(e) => setToken(e.target.value)} />
        </Field>
        <Button look="primary" type="submit" disabled={token.trim().length < 16}>
          Continue
        </Button>
      </form>
    </Dialog>
  );
}
