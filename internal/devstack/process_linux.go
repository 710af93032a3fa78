package devstack

import "syscall"

// endWithOwner has the kernel send sig to the process when its owner dies without having stopped it.
func endWithOwner(attr *syscall.SysProcAttr, sig syscall.Signal) { attr.Pdeathsig = sig }
