#!/usr/bin/env node
// Checked in, because npm links a command at install, when nothing has been built yet.
import '../dist/main.js'
