#import "Counter.h"

@implementation Counter

- (instancetype)init {
    self = [super init];
    if (self) {
        _count = 0;
    }
    return self;
}

- (void)increment {
    self.count += 1;
}

@end
