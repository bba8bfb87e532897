import { run } from './app/run';

void run(process.argv.slice(2));
