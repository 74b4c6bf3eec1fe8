package capture

import "moho/core/internal/layout"

const machine = layout.MachineARM64
