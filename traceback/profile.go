package traceback

func (d *Dump) readProfile() (bool, error) { return false, nil }
