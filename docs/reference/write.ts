/** Writes the reference of the public exports, with the guides beside it, to site/: `npm run docs` */
import { readReference } from "./project.ts";

const { application, project } = await readReference();
await application.generateOutputs(project);
process.exitCode = application.logger.hasErrors() || application.logger.hasWarnings() ? 1 : 0;
