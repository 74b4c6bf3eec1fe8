package capture

import "moho/core/internal/layout"

const machine = layout.MachineAMD64
