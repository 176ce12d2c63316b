/** A small web server that stands in where apache2 is not installed; its page says so. For the lab, not for production. */
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

const PORT = 80;

/** Serves FOLDER/index.html on port 80 until SIGTERM; writes its pid first. Resolves with the exit code. */
export async function serveFolder(folder: string, pidFile: string | undefined): Promise<number> {
  const page = join(folder, "index.html");
  const server = Bun.serve({
    port: PORT,
    hostname: "0.0.0.0",
    fetch: () => {
      if (!existsSync(page)) return new Response("no page\n", { status: 404 });
      const text = readFileSync(page, "utf8");
      const note = "<p>Served by Quorate's stand-in for apache2, which cannot run here.</p>\n";
      return new Response(text + note, { headers: { "content-type": "text/html" } });
    },
  });
  if (pidFile !== undefined) writeFileSync(pidFile, `${process.pid}\n`);
  await new Promise<void>((done) => {
    process.once("SIGTERM", () => done());
    process.once("SIGINT", () => done());
  });
  await server.stop(true);
  return 0;
}
