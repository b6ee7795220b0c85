// Sources write the name both ways; Microsoft's SDK lies on a file system that does not mind.
#pragma once
#include <windows.h>
